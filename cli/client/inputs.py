"""`answer`: enter the values that a run asks for."""

from typing import Annotated

import typer

from cli.client.completion import active_run_ids
from cli.client.connection import AsJson, Connection, Url, connect, path, print_json
from cli.client.output import say
from core.definitions.parameters import parse_key_values
from core.errors import Conflict
from core.views.executions import ExecutionView, InputView

app = typer.Typer()


def _key_values(words: list[str] | None) -> list[str]:
    wrong = [word for word in words or [] if "=" not in word]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not a value. Write key=value.")
    return words or []


@app.command()
def answer(
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="The run's id, rbx_….", autocompletion=active_run_ids)
    ],
    words: Annotated[
        list[str] | None, typer.Argument(metavar="key=value…", callback=_key_values, help="The values.")
    ] = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Enter the values that a run asks for. Those that are left out get their defaults."""
    with connect(url) as connection:
        view = _run(connection, id_)
        asked = _asked(view)
        values = parse_key_values(words or [], asked.values_schema)
        body = {"step": asked.step, "attempt": asked.attempt, "values": values}
        response = connection.post(path("runbooks", "executions", id_, "input"), body)
    if as_json:
        print_json(response)
        return
    say(f"{view.runbook} has the values for step {asked.step} and continues.")
    say(f"Follow it with: runbook status {view.id}")


def _run(connection: Connection, id_: str) -> ExecutionView:
    found = connection.get(path("runbooks", "executions", id_))
    return ExecutionView.model_validate(found["execution"])


def _asked(view: ExecutionView) -> InputView:
    """Return what the run asks for. Raises Conflict if it asks for nothing."""
    if view.input is not None:
        return view.input
    raise Conflict(
        f"{view.runbook} ({view.id}) does not wait for values.",
        hint=f"See its status with `runbook status {view.id}`.",
    )
