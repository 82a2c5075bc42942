"""`run --wait` and `status --watch`: follow a run until it ends, and map its outcome to an exit status."""

import time
from collections.abc import Callable, Iterator

from bot.cards.words import one_line, status_words
from cli.client.connection import Answer, Connection, path
from cli.client.output import say
from core.errors import Unavailable
from core.statuses import Status
from core.views.executions import ExecutionView, StepView

LOOK_SECONDS = 1.0

# Exit statuses of `status` and `run --wait`. A refused command also exits with 1, and wrong usage with 2.
EXIT = {Status.FAILED: 1, Status.CANCELLED: 3, Status.TIMED_OUT: 4}


def exit_status(status: Status) -> int:
    """Return the exit status for a run's status: 0 if it succeeded or has not ended."""
    return EXIT.get(status, 0)


def follow(
    connection: Connection,
    view: ExecutionView,
    echo: Callable[[str], None] = say,
    pause: Callable[[float], None] = time.sleep,
) -> ExecutionView:
    """Poll the run until it ends and return its final state.

    Prints a line when a step starts or ends and when the run waits for somebody. If the service does not answer,
    says so once and keeps polling: the run does not depend on this command.
    """
    known = untouched(view)
    for line in news(known, view):
        echo(line)
    known = view
    for answer in answers(connection, view, echo, pause):
        view = ExecutionView.model_validate(answer["execution"])
        for line in news(known, view):
            echo(line)
        known = view
    return known


def answers(
    connection: Connection,
    view: ExecutionView,
    echo: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Answer]:
    """Yield what the service answers about the run, a look after the other, from the next one until it has ended."""
    is_away, is_final = False, view.status.is_final
    while not is_final:
        pause(LOOK_SECONDS)
        try:
            answer = connection.get(path("runbooks", "executions", view.id))
        except Unavailable as error:
            if not is_away:
                echo(f"{error.message} The run continues; retrying.")
            is_away = True
            continue
        is_away, is_final = False, Status(answer["execution"]["status"]).is_final
        yield answer


def untouched(view: ExecutionView) -> ExecutionView:
    """Return the run as it was before its first step."""
    steps = [step.model_copy(update={"status": Status.PENDING, "attempt": 0}) for step in view.steps]
    return view.model_copy(update={"steps": steps, "status": Status.PENDING, "waiting_for": None})


def news(before: ExecutionView, now: ExecutionView) -> Iterator[str]:
    """Yield a line for each change between two states of the run."""
    for number, (old, new) in enumerate(zip(before.steps, now.steps, strict=True), start=1):
        if (old.status, old.attempt) != (new.status, new.attempt) and new.status is not Status.PENDING:
            yield f"  {number}/{len(now.steps)} {_step(new)}"
    if now.waiting_for is not None and now.waiting_for is not before.waiting_for:
        yield f"  {_waiting(now)}"
    if now.status.is_final and not before.status.is_final:
        error = f": {one_line(now.error)}" if now.error else ""
        yield f"{now.runbook} {status_words(now.status)}{error}"


def _step(step: StepView) -> str:
    again = f" (attempt {step.attempt})" if step.attempt > 1 else ""
    error = f": {one_line(step.error)}" if step.error else ""
    return f"{step.id} {status_words(step.status)}{again}{error}"


def _waiting(view: ExecutionView) -> str:
    said = status_words(view.status, view.waiting_for)
    if view.approval is not None:
        return f"{said} (runbook approve {view.approval.id}; may decide: {view.approval.approvers})"
    doubtful = next((step for step in view.steps if step.status is Status.UNKNOWN), None)
    if doubtful is not None:
        return f"{said}: did {doubtful.id} happen? (runbook verdict {view.id} ran|did_not_run|run_again)"
    return said
