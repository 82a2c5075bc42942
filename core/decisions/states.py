"""The states of an execution and of a step that decisions lead to."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from core.statuses import Status, WaitingFor
from core.values.execution import Execution, Json, Step


def blame(step: Step, error: str | None) -> str:
    """Return the error of an execution that failed at this step."""
    return f"Step {step.id}: {error}"


def asking(execution: Execution) -> Execution:
    return replace(execution, status=Status.WAITING, waiting_for=WaitingFor.VERDICT, wake_at=None)


def running(execution: Execution) -> Execution:
    """Have it run, and wait for nothing. Most runs do so already, twice a step: they are not copied."""
    if (execution.status, execution.waiting_for, execution.wake_at) == (Status.RUNNING, None, None):
        return execution
    return replace(execution, status=Status.RUNNING, waiting_for=None, wake_at=None)


def awake(execution: Execution, now: datetime) -> Execution:
    return replace(running(execution), wake_at=now)


def counted(step: Step, now: datetime) -> Step:
    """Count one more attempt."""
    return replace(step, attempt=step.attempt + 1, started_at=step.started_at or now)


def unknown(step: Step, error: str) -> Step:
    """Put a step in doubt. It is asked about once, and the verdict holds even if the database was restored."""
    return replace(step, status=Status.UNKNOWN, error=error, maybe_done=False, progress=None)


def finished(
    step: Step,
    status: Status,
    now: datetime,
    *,
    output: Json = None,
    error: str | None = None,
    saved: Mapping[str, Json] | None = None,
) -> Step:
    """End the step. `saved`: the values that later steps see; None: as they were."""
    return replace(
        step,
        status=status,
        started_at=step.started_at or now,
        finished_at=now,
        output=output,
        error=error,
        saved=step.saved if saved is None else saved,
        progress=None,
    )


def held(execution: Execution, position: int) -> Execution:
    """Hold the execution before the step at `position` until the freeze is lifted; nothing else wakes it.

    A step that was to be repeated after a crash becomes pending again, since no worker is executing it.
    """
    step = execution.steps[position]
    if step.status is Status.RUNNING:
        execution = execution.with_step(position, replace(step, status=Status.PENDING, error=None))
    return replace(execution, status=Status.WAITING, waiting_for=WaitingFor.FREEZE, wake_at=None)


MENTION = re.compile(r"<(?=[@#!])")
WORD_JOINER = "\u2060"


def without_mentions(text: str) -> str:
    """Return the text such that a mention in it is only read: Slack notifies nobody.

    https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
    """
    return MENTION.sub(f"<{WORD_JOINER}", text)
