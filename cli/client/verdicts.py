"""`verdict`: whether a step happened of which nobody knows it."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.client.connection import AsJson, Connection, Url, connect, path, print_json
from cli.client.output import say
from core.errors import Conflict
from core.statuses import Status, WaitingFor
from core.views.executions import ExecutionView, StepView

app = typer.Typer()


class Answer(StrEnum):
    RAN = "ran"
    DID_NOT_RUN = "did_not_run"
    RUN_AGAIN = "run_again"


StepName = Annotated[
    str | None, typer.Option("--step", help="The step that you mean; refused if another one is asked about.")
]
Attempt = Annotated[int | None, typer.Option("--attempt", min=1, help="The attempt that you mean.")]


@app.command()
def verdict(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The run's id, rbx_….")],
    answer: Annotated[Answer, typer.Argument(help="Whether the step happened.")],
    step: StepName = None,
    attempt: Attempt = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Say whether the step happened that a run asks about: ran, did_not_run, or run_again."""
    with connect(url) as connection:
        asked = _asked(connection, id_) if step is None or attempt is None else None
        body = {
            "verdict": answer.value,
            "step": step or (asked.id if asked else ""),
            "attempt": attempt or (asked.attempt if asked else 1),
        }
        told = connection.post(path("runbooks", "executions", id_, "verdict"), body)
    if as_json:
        print_json(told)
        return
    view = ExecutionView.model_validate(told["execution"])
    say(f"Noted for step {body['step']} of {view.runbook}: {answer.value}.")
    say(f"Watch it: runbook status {view.id}")


def _asked(connection: Connection, id_: str) -> StepView:
    """Raises Conflict where the run asks nothing."""
    found = connection.get(path("runbooks", "executions", id_))
    view = ExecutionView.model_validate(found["execution"])
    if view.waiting_for is WaitingFor.VERDICT:
        for each in view.steps:
            if each.status is Status.UNKNOWN:
                return each
    raise Conflict(
        f"{view.runbook} ({view.id}) asks about no step.", hint=f"`runbook status {view.id}` shows it."
    )
