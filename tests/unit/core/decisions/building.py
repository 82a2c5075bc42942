"""Executions in the states of a run, for tests of decisions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.decisions.advance import advance
from core.statuses import Status, WaitingFor
from core.values.execution import (
    Claimed,
    Event,
    Execution,
    Step,
    StepEnded,
    StepPolicy,
    StepPrepared,
    StepResult,
    Waits,
)

NOW = datetime(2026, 1, 5, 3, 12, tzinfo=UTC)
SAFE = StepPolicy(repeatable=True, attempts=3, backoff=timedelta(seconds=2))
GOES_ON = StepPolicy(continue_on_failure=True)
UNASKED = StepPolicy(asks=False)


def pending(*policies: StepPolicy) -> Execution:
    """Return a new execution with a step for each policy; with two plain ones if none is given."""
    chosen = policies or (StepPolicy(), StepPolicy())
    steps = tuple(Step(f"step-{i}", "http", policy) for i, policy in enumerate(chosen))
    return Execution(Status.PENDING, steps, wake_at=NOW)


def after(execution: Execution, *events: Event, now: datetime = NOW) -> Execution:
    for event in events:
        execution = advance(execution, event, now).execution
    return execution


def ended(result: StepResult) -> StepEnded:
    return StepEnded(result)


def started(*policies: StepPolicy) -> Execution:
    """Return an execution whose worker is executing the first step."""
    return after(pending(*policies), Claimed(), StepPrepared({"url": "x"}))


def at_gate(*policies: StepPolicy, expires: datetime | None = NOW + timedelta(hours=1)) -> Execution:
    return after(pending(*policies), Claimed(), StepEnded(Waits(WaitingFor.APPROVAL, expires)))


def in_doubt(*policies: StepPolicy) -> Execution:
    """Return an execution whose worker was lost within the first step, as another worker finds it."""
    return after(started(*policies), Claimed())


def on_timer(*policies: StepPolicy) -> Execution:
    waits = Waits(WaitingFor.TIMER, NOW + timedelta(minutes=5))
    return after(pending(*policies), Claimed(), StepEnded(waits))


def in_queue() -> Execution:
    return replace(pending(), status=Status.WAITING, waiting_for=WaitingFor.LOCK, wake_at=None)


def statuses(execution: Execution) -> list[Status]:
    return [step.status for step in execution.steps]
