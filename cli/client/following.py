"""`run --wait`: a run watched from the terminal until it ends, and what its outcome is as an exit status."""

import time
from collections.abc import Callable, Iterator

from bot.cards.words import one_line, status_words
from cli.client.connection import Connection, path
from cli.client.output import say
from core.errors import Unavailable
from core.statuses import Status
from core.views.executions import ExecutionView, StepView

LOOK_SECONDS = 1.0

# Of `status` and `run --wait`; 1 is also what any refusal ends with, and 2 wrong usage.
EXIT = {Status.FAILED: 1, Status.CANCELLED: 3, Status.TIMED_OUT: 4}


def exit_status(status: Status) -> int:
    """0 for a run that succeeded, or has not ended."""
    return EXIT.get(status, 0)


def follow(
    connection: Connection,
    view: ExecutionView,
    tell: Callable[[str], None] = say,
    pause: Callable[[float], None] = time.sleep,
) -> ExecutionView:
    """The run as it ended. Each step is told as it begins and ends, and what the run waits for.

    A service that does not answer for a while is asked again, which is told once: the run goes on without us.
    """
    known, is_away = _untouched(view), False
    while True:
        for line in news(known, view):
            tell(line)
        known = view
        if view.status.is_final:
            return view
        pause(LOOK_SECONDS)
        try:
            answer = connection.get(path("runbooks", "executions", view.id))
        except Unavailable as error:
            if not is_away:
                tell(f"{error.message} The run goes on; asking again.")
            is_away = True
            continue
        is_away, view = False, ExecutionView.model_validate(answer["execution"])


def _untouched(view: ExecutionView) -> ExecutionView:
    steps = [step.model_copy(update={"status": Status.PENDING, "attempt": 0}) for step in view.steps]
    return view.model_copy(update={"steps": steps, "status": Status.PENDING, "waiting_for": None})


def news(before: ExecutionView, now: ExecutionView) -> Iterator[str]:
    """What there is to say of the run that was not said before."""
    for number, (old, new) in enumerate(zip(before.steps, now.steps, strict=True), start=1):
        if (old.status, old.attempt) != (new.status, new.attempt) and new.status is not Status.PENDING:
            yield f"  {number}/{len(now.steps)} {_step(new)}"
    if now.waiting_for is not None and now.waiting_for is not before.waiting_for:
        yield f"  {_waits(now)}"
    if now.status.is_final and not before.status.is_final:
        error = f": {one_line(now.error)}" if now.error else ""
        yield f"{now.runbook} {status_words(now.status)}{error}"


def _step(step: StepView) -> str:
    again = f" (attempt {step.attempt})" if step.attempt > 1 else ""
    error = f": {one_line(step.error)}" if step.error else ""
    return f"{step.id} {status_words(step.status)}{again}{error}"


def _waits(view: ExecutionView) -> str:
    said = status_words(view.status, view.waiting_for)
    if view.approval is not None:
        return f"{said}: {view.approval.approvers} may decide (runbook approve {view.approval.id})"
    doubtful = next((step for step in view.steps if step.status is Status.UNKNOWN), None)
    if doubtful is not None:
        return f"{said}: did {doubtful.id} happen? (runbook verdict {view.id} ran|did_not_run|run_again)"
    return said
