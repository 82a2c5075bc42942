"""One line for each step of an execution; a long run shows only the steps that matter now."""

from collections.abc import Sequence
from datetime import datetime

from bot.cards.words import SYMBOLS, bounded, deadline, duration, escape, escape_sentence, moment, one_line
from core.statuses import Status, WaitingFor
from core.values.execution import OPEN
from core.views.executions import ApprovalView, ChildCountsView, ExecutionView, InputView, StepView

MOST_LINES = 20
BEFORE, AFTER = 6, 8  # how many steps around the current one are shown of a longer run
MOST_FAILED = 3
NAME_LENGTH = 80
ERROR_LENGTH = 300
FAILED = frozenset({Status.FAILED, Status.TIMED_OUT, Status.CANCELLED})

WAITING_LINES = {
    WaitingFor.TIMER: "waiting for a timer",
    WaitingFor.CALLBACK: "waiting for a callback",
    WaitingFor.VERDICT: "did it happen? Waiting for a verdict",
    WaitingFor.LOCK: "waiting for another run that holds the lock",
    WaitingFor.FREEZE: "held by a freeze",
    WaitingFor.CHILDREN: "waiting for its child runs",
}


def step_title(step: StepView) -> str:
    """Return the step's name if it has one, otherwise its id."""
    return bounded(escape(one_line(step.name or step.id)), NAME_LENGTH)


def current_position(execution: ExecutionView) -> int:
    """Return the index of the first step that has not ended; for an ended run, of the step that ended it."""
    ended_by = OPEN if not execution.status.is_final else FAILED
    is_ending = execution.outcome is not None and not execution.status.is_final
    found = (
        i
        for i, step in enumerate(execution.steps)
        if step.status in ended_by and step.in_finally >= is_ending
    )
    return next(found, len(execution.steps) - 1)


def step_lines(execution: ExecutionView, now: datetime) -> list[str]:
    """Return one line for each step. Of more than 20: the first, those around the current, the failed, and the last."""
    lines: list[str] = []
    before = -1
    for position in _shown(execution):
        if position > before + 1:
            lines.append(f"… {position - before - 1} more")
        if execution.steps[position].in_finally and not (before >= 0 and execution.steps[before].in_finally):
            lines.append("*Finally*")
        lines.append(_line(execution, position, now))
        before = position
    return lines


def _shown(execution: ExecutionView) -> Sequence[int]:
    total = len(execution.steps)
    if total <= MOST_LINES:
        return range(total)
    current = current_position(execution)
    failed = [i for i, step in enumerate(execution.steps) if step.status is Status.FAILED]
    around = range(max(current - BEFORE, 0), min(current + AFTER + 1, total))
    return sorted({0, total - 1, *around, *failed[:MOST_FAILED]})


def _line(execution: ExecutionView, position: int, now: datetime) -> str:
    step = execution.steps[position]
    parts = [f"{SYMBOLS[step.status]} {step_title(step)}"]
    if step.attempt > 1:
        parts.append(f"attempt {step.attempt}")
    taken = duration(step.started_at, step.finished_at)
    if step.carried_over:
        parts.append("carried over")
    elif taken:
        parts.append(taken)
    if execution.status is Status.WAITING and position == current_position(execution):
        parts.append(f"*{_waits(execution, now)}*")
    elif step.status is Status.RUNNING and step.started_at is not None:
        parts.append(f"since {moment(step.started_at, '{time_secs}')}")
    if step.children is not None:
        parts.append(children_words(step.children))
    if step.error:
        parts.append(bounded(escape_sentence(one_line(step.error)), ERROR_LENGTH))
    return " · ".join(parts)


def children_words(children: ChildCountsView) -> str:
    """Return how the child runs stand, such as `5 of 8 done, 2 running, 1 failed: db-3`."""
    words = [f"{children.succeeded + children.failed} of {children.total} done"]
    words += [f"{children.active} running"] if children.active else []
    if children.failed_names:
        names = ", ".join(bounded(escape(one_line(name)), NAME_LENGTH) for name in children.failed_names)
        more = children.failed - len(children.failed_names)
        words.append(f"{children.failed} failed: {names}{f' and {more} more' if more > 0 else ''}")
    elif children.failed:
        words.append(f"{children.failed} not started")
    return ", ".join(words)


def _waits(execution: ExecutionView, now: datetime) -> str:
    if execution.waiting_for is WaitingFor.APPROVAL:
        return _approval_words(execution.approval, now)
    if execution.waiting_for is WaitingFor.INPUT:
        return _input_words(execution.input, now)
    if execution.waiting_for is WaitingFor.TIMER and execution.steps[current_position(execution)].error:
        return "will be retried"
    return WAITING_LINES[execution.waiting_for] if execution.waiting_for else "waiting"


def _approval_words(approval: ApprovalView | None, now: datetime) -> str:
    if approval is None:
        return "waiting for approval"
    words = f"waiting for approval by {escape_sentence(approval.approvers)}"
    return words + _until(approval, now)


def _input_words(asked: InputView | None, now: datetime) -> str:
    if asked is None:
        return "waiting for values"
    return f"waiting for values from {escape_sentence(asked.respondents)}{_until(asked, now)}"


def _until(asked: ApprovalView | InputView, now: datetime) -> str:
    if asked.expires_at is None:
        return ""
    return (
        ", expired" if asked.expires_at <= now else f", until {deadline(asked.opened_at, asked.expires_at)}"
    )
