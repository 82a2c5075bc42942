"""`run`, `status`, `cancel` and `retry`: what runs."""

import re
from typing import Annotated

import typer

from cli.client.connection import Answer, AsJson, Connection, Url, connect, path, print_json
from cli.client.execution import print_execution, print_executions
from cli.client.following import exit_status, follow
from cli.client.output import say
from cli.client.plan import print_plan
from core.definitions.parameters import parse_key_values
from core.simulation.views import PlanView
from core.statuses import Status
from core.views.executions import ExecutionView

app = typer.Typer()

INCIDENT = re.compile(r"(?:inc-|#)?[0-9]+|inc_.+", re.IGNORECASE)
INTERRUPTED = 130  # as of a shell: 128 and the number of SIGINT


def _key_values(words: list[str] | None) -> list[str]:
    wrong = [word for word in words or [] if "=" not in word]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is no parameter. Write key=value.")
    return words or []


Words = Annotated[
    list[str] | None, typer.Argument(metavar="key=value…", callback=_key_values, help="The parameters.")
]
RunId = Annotated[str, typer.Argument(metavar="ID", help="The run's id, rbx_….")]


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The runbook's name or id.")],
    incident: Annotated[str, typer.Option("--incident", metavar="ID", help="inc-12, or the incident's id.")],
    words: Words = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do, and do nothing of it.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Watch it until it ends; its outcome is the exit status.")
    ] = False,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Start a runbook for an incident. With --wait: status 0 succeeded, 1 failed, 3 cancelled, 4 timed out."""
    with connect(url) as connection:
        definition = connection.get(path("runbooks", name))["runbook"]["definition"]
        parameters = parse_key_values(words or [], definition.get("parameters") or {})
        body = {"parameters": parameters} | ({"dry_run": True} if dry_run else {})
        answer = connection.post(path("incidents", incident, "runbooks", name, "execute"), body)
        if wait and not dry_run:
            _wait(connection, ExecutionView.model_validate(answer["execution"]), as_json)
    if as_json:
        print_json(answer)
        return
    if dry_run:
        print_plan(PlanView.model_validate(answer["plan"]))
        return
    view = ExecutionView.model_validate(answer["execution"])
    say(_asked_for(view))
    say(f"Watch it: runbook status {view.id}")


def _asked_for(view: ExecutionView) -> str:
    name = f"{view.runbook} v{view.runbook_version}"
    return f"{name} is asked for, for inc-{view.incident_number}. Its id is {view.id}."


def _wait(connection: Connection, view: ExecutionView, as_json: bool) -> None:
    """Raises typer.Exit with the outcome's status; whoever ends the watching does not end the run."""
    if not as_json:
        say(_asked_for(view))
    try:
        ended = follow(connection, view, tell=_silent if as_json else say)
    except KeyboardInterrupt:
        say(f"It goes on. Watch it: runbook status {view.id}")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(connection.get(path("runbooks", "executions", view.id)))
    raise typer.Exit(exit_status(ended.status))


def _silent(_line: str) -> None:
    """As JSON nothing is told but how it ended."""


@app.command()
def status(
    id_: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="A run's id, or an incident's; without it, what runs now."),
    ] = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """How a run stands (status 1 failed, 3 cancelled, 4 timed out), what was run for an incident, or what runs now."""
    with connect(url) as connection:
        if id_ is None:
            _show_all(_active(connection), as_json, "Nothing runs now.")
        elif INCIDENT.fullmatch(id_):
            _show_all(_of_incident(connection, id_), as_json, f"Nothing was run for {id_} yet.")
        else:
            _show_one(connection.get(path("runbooks", "executions", id_)), as_json)


def _active(connection: Connection) -> list[Answer]:
    return list(connection.every(path("executions"), "executions"))


def _of_incident(connection: Connection, incident: str) -> list[Answer]:
    return list(connection.every(path("incidents", incident, "runbooks", "executions"), "executions"))


def _show_all(executions: list[Answer], as_json: bool, nothing: str) -> None:
    if as_json:
        print_json({"executions": executions})
    elif executions:
        print_executions(list(map(ExecutionView.model_validate, executions)))
    else:
        say(nothing)


def _show_one(answer: Answer, as_json: bool) -> None:
    view = ExecutionView.model_validate(answer["execution"])
    if as_json:
        print_json(answer)
    else:
        print_execution(view)
    raise typer.Exit(exit_status(view.status))


@app.command()
def cancel(id_: RunId, url: Url = "", as_json: AsJson = False) -> None:
    """Stop a run: no further step starts."""
    with connect(url) as connection:
        answer = connection.post(path("runbooks", "executions", id_, "cancel"))
    if as_json:
        print_json(answer)
        return
    view = ExecutionView.model_validate(answer["execution"])
    ended = view.status is Status.CANCELLED
    say(
        f"{view.runbook} is cancelled."
        if ended
        else f"{view.runbook} is being cancelled: the step that runs now is stopped."
    )


@app.command()
def retry(
    id_: RunId,
    from_step: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Go on from this step (a team's admins).")
    ] = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Go on with a run that failed, as a new one, from the first step that did not succeed."""
    body = {"from": from_step} if from_step else {}
    with connect(url) as connection:
        answer = connection.post(path("runbooks", "executions", id_, "retry"), body)
    if as_json:
        print_json(answer)
        return
    view = ExecutionView.model_validate(answer["execution"])
    say(f"{view.runbook} v{view.runbook_version} goes on as {view.id}, a retry of {view.retry_of}.")
    say(f"Watch it: runbook status {view.id}")
