"""`run`, `status`, `cancel` and `retry`: start, show and control runs of runbooks."""

import re
from typing import Annotated

import typer

from cli.client.completion import (
    active_run_ids,
    failed_run_ids,
    incident_ids,
    runnable_names,
    runs_and_incidents,
)
from cli.client.connection import Answer, AsJson, Connection, Url, connect, path, print_json
from cli.client.execution import print_execution, print_executions
from cli.client.following import exit_status, follow
from cli.client.output import say
from cli.client.plan import print_plan
from cli.client.watching import watch
from core.definitions.parameters import parse_key_values
from core.simulation.views import PlanView
from core.statuses import Status
from core.views.executions import ExecutionView

app = typer.Typer()

INCIDENT = re.compile(r"(?:inc-|#)?[0-9]+|inc_.+", re.IGNORECASE)
INTERRUPTED = 130  # as shells report it: 128 plus the number of SIGINT


def _key_values(words: list[str] | None) -> list[str]:
    wrong = [word for word in words or [] if "=" not in word]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not a parameter. Write key=value.")
    return words or []


Words = Annotated[
    list[str] | None, typer.Argument(metavar="key=value…", callback=_key_values, help="The parameters.")
]
ActiveRun = Annotated[
    str, typer.Argument(metavar="ID", help="The run's id, rbx_….", autocompletion=active_run_ids)
]
FailedRun = Annotated[
    str, typer.Argument(metavar="ID", help="The run's id, rbx_….", autocompletion=failed_run_ids)
]
Incident = Annotated[
    str,
    typer.Option(
        "--incident", metavar="ID", help="inc-12, or the incident's id.", autocompletion=incident_ids
    ),
]


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The runbook's name or id.", autocompletion=runnable_names)],
    incident: Incident,
    words: Words = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would do without doing it.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow it until it ends; the exit status is its outcome.")
    ] = False,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Run a runbook for an incident. Exit status with --wait: 0 succeeded, 1 failed, 3 cancelled, 4 timed out."""
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
    say(_requested(view))
    say(f"Follow it with: runbook status {view.id}")


def _requested(view: ExecutionView) -> str:
    return f"Requested {view.runbook} v{view.runbook_version} for inc-{view.incident_number} ({view.id})."


def _wait(connection: Connection, view: ExecutionView, as_json: bool) -> None:
    """Raise typer.Exit with the outcome's exit status. Interrupting the wait does not stop the run."""
    if not as_json:
        say(_requested(view))
    try:
        ended = follow(connection, view, echo=_silent if as_json else say)
    except KeyboardInterrupt:
        say(f"The run continues. Follow it with: runbook status {view.id}")
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print_json(connection.get(path("runbooks", "executions", view.id)))
    raise typer.Exit(exit_status(ended.status))


def _silent(_line: str) -> None:
    """Print nothing: JSON output consists of the final state only."""


@app.command()
def status(
    id_: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="A run's or an incident's id; by default all active runs.",
            autocompletion=runs_and_incidents,
        ),
    ] = None,
    is_watched: Annotated[
        bool, typer.Option("--watch", help="Show every change of a run until it ends; as JSON, a line each.")
    ] = False,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Show a run (exit status 1 failed, 3 cancelled, 4 timed out), the runs of an incident, or all active runs."""
    if is_watched and (id_ is None or INCIDENT.fullmatch(id_)):
        raise typer.BadParameter("It watches one run: give its id, rbx_….", param_hint="--watch")
    with connect(url) as connection:
        if is_watched and id_ is not None:
            _watch(connection, id_, as_json)
        elif id_ is None:
            _show_all(_active(connection), as_json, "There are no active runs.")
        elif INCIDENT.fullmatch(id_):
            _show_all(_of_incident(connection, id_), as_json, f"There are no runs for {id_} yet.")
        else:
            _show_one(connection.get(path("runbooks", "executions", id_)), as_json)


def _watch(connection: Connection, id_: str, as_json: bool) -> None:
    """Raise typer.Exit with the outcome's exit status. Interrupting the watch does not stop the run."""
    try:
        ended = watch(connection, id_, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(exit_status(ended.status))


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
def cancel(id_: ActiveRun, url: Url = "", as_json: AsJson = False) -> None:
    """Cancel a run: no further step starts."""
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
        else f"{view.runbook} is being cancelled: its current step is being stopped."
    )


@app.command()
def retry(
    id_: FailedRun,
    from_step: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Resume at this step (team admins only).")
    ] = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Retry a failed run: a new run resumes at the first step that did not succeed."""
    body = {"from": from_step} if from_step else {}
    with connect(url) as connection:
        answer = connection.post(path("runbooks", "executions", id_, "retry"), body)
    if as_json:
        print_json(answer)
        return
    view = ExecutionView.model_validate(answer["execution"])
    say(f"Requested {view.runbook} v{view.runbook_version} as a retry of {view.retry_of} ({view.id}).")
    say(f"Follow it with: runbook status {view.id}")
