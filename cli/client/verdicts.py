"""`verdict`: say whether a step in doubt happened."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.client.completion import active_run_ids
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
    str | None, typer.Option("--step", help="The step you mean; refused if the run asks about another.")
]
Attempt = Annotated[int | None, typer.Option("--attempt", min=1, help="The attempt you mean.")]


@app.command()
def verdict(
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="The run's id, rbx_….", autocompletion=active_run_ids)
    ],
    answer: Annotated[Answer, typer.Argument(help="What happened to the step.")],
    step: StepName = None,
    attempt: Attempt = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Give the verdict on a step in doubt: it ran, did_not_run, or should run_again."""
    with connect(url) as connection:
        asked = _asked(connection, id_) if step is None or attempt is None else None
        body = {
            "verdict": answer.value,
            "step": step or (asked.id if asked else ""),
            "attempt": attempt or (asked.attempt if asked else 1),
        }
        response = connection.post(path("runbooks", "executions", id_, "verdict"), body)
    if as_json:
        print_json(response)
        return
    view = ExecutionView.model_validate(response["execution"])
    say(f"Recorded for step {body['step']} of {view.runbook}: {answer.value}.")
    say(f"Follow it with: runbook status {view.id}")


def _asked(connection: Connection, id_: str) -> StepView:
    """Return the step that the run asks about. Raises Conflict if there is none."""
    found = connection.get(path("runbooks", "executions", id_))
    view = ExecutionView.model_validate(found["execution"])
    if view.waiting_for is WaitingFor.VERDICT:
        for each in view.steps:
            if each.status is Status.UNKNOWN:
                return each
    raise Conflict(
        f"{view.runbook} ({view.id}) does not wait for a verdict.",
        hint=f"See its status with `runbook status {view.id}`.",
    )
