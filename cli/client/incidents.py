"""`incident`: open, list, show and change incidents."""

from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cards.words import one_line
from cli.client.completion import incident_ids
from cli.client.connection import Answer, AsJson, Url, connect, path, print_json
from cli.client.output import facts, say, table
from core.statuses import IncidentKind, IncidentStatus, Severity
from core.views.incidents import IncidentView

app = typer.Typer()
incident_app = typer.Typer(
    help="Incidents: open, list, show, export, ack, resolve, close, escalate, note.", no_args_is_help=True
)
app.add_typer(incident_app, name="incident")

IncidentId = Annotated[
    str, typer.Argument(metavar="ID", help="inc-12, or the incident's id.", autocompletion=incident_ids)
]
SOME = 50


def _labels(words: list[str] | None) -> list[str]:
    wrong = [word for word in words or [] if "=" not in word.strip("=")]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not a label. Write key=value.")
    return words or []


Labels = Annotated[list[str] | None, typer.Argument(metavar="key=value…", callback=_labels, help="Labels.")]


@incident_app.command("open")
def open_(
    title: Annotated[str, typer.Argument(help="What is wrong, in one line.")],
    team: Annotated[str, typer.Option("--team", help="The team that owns it.")],
    labels: Labels = None,
    severity: Annotated[Severity, typer.Option("--severity", help="Its severity.")] = Severity.MEDIUM,
    service: Annotated[str | None, typer.Option("--service", help="The affected service.")] = None,
    description: Annotated[str, typer.Option("--description", help="Further details.")] = "",
    channel: Annotated[
        str | None, typer.Option("--channel", help="The Slack channel it is handled in, C….")
    ] = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Open an incident."""
    body: dict[str, object] = {
        "title": title,
        "team": team,
        "severity": severity.value,
        "description": description,
    }
    body |= {"labels": dict(word.split("=", 1) for word in labels or [])}
    body |= {name: value for name, value in (("service", service), ("slack_channel", channel)) if value}
    with connect(url) as connection:
        answer = connection.post(path("incidents"), body)
    _print_change(answer, "opened", as_json)


@incident_app.command("list")
def list_(
    status: Annotated[
        IncidentStatus | None, typer.Option("--status", help="Only incidents in this status.")
    ] = None,
    team: Annotated[str | None, typer.Option("--team", help="Only incidents of this team.")] = None,
    number: Annotated[
        int, typer.Option("--limit", min=1, max=200, help="How many to list, newest first.")
    ] = SOME,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """List the newest incidents of your teams."""
    query = {name: value for name, value in (("status", status), ("team", team)) if value}
    with connect(url) as connection:
        answer = connection.get(path("incidents"), limit=number, **query)
    if as_json:
        print_json(answer)
        return
    views = list(map(IncidentView.model_validate, answer["incidents"]))
    if not views:
        say("No incidents.")
        return
    _print(views)


@incident_app.command()
def show(id_: IncidentId, url: Url = "", as_json: AsJson = False) -> None:
    """Show an incident."""
    with connect(url) as connection:
        answer = connection.get(path("incidents", id_))
    if as_json:
        print_json(answer)
        return
    view = IncidentView.model_validate(answer["incident"])
    say(f"inc-{view.number} {view.title}, {view.status.value}")
    facts(
        [
            ("id", view.id),
            ("kind", "planned maintenance" if view.kind is IncidentKind.MAINTENANCE else ""),
            ("severity", view.severity.value),
            ("team", view.team),
            ("service", view.service or ""),
            ("channel", view.slack_channel or ""),
            ("labels", " ".join(f"{name}={value}" for name, value in view.labels.items())),
            ("opened", f"{view.created_at:%Y-%m-%d %H:%M:%S} UTC by {view.opened_by}"),
            ("description", view.description),
            *((link.name, link.url) for link in view.links),
        ]
    )


@incident_app.command()
def export(id_: IncidentId, url: Url = "") -> None:
    """Print an incident's report as Markdown: its timeline, runs, people and durations, for a postmortem."""
    with connect(url) as connection:
        for line in connection.lines(path("incidents", id_, "export"), accept="text/markdown"):
            typer.echo(line)


@incident_app.command()
def ack(id_: IncidentId, url: Url = "", as_json: AsJson = False) -> None:
    """Acknowledge an incident: somebody is working on it."""
    _change(id_, "acknowledge", {}, "acknowledged", url, as_json)


@incident_app.command()
def resolve(id_: IncidentId, url: Url = "", as_json: AsJson = False) -> None:
    """Resolve an incident: the problem is over."""
    _change(id_, "resolve", {}, "resolved", url, as_json)


@incident_app.command()
def close(id_: IncidentId, url: Url = "", as_json: AsJson = False) -> None:
    """Close an incident: nothing is left to do."""
    _change(id_, "close", {}, "closed", url, as_json)


@incident_app.command()
def escalate(
    id_: IncidentId,
    severity: Annotated[Severity, typer.Argument(help="The new severity.")],
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Raise an incident's severity."""
    _change(id_, "escalate", {"severity": severity.value}, f"escalated to {severity.value}", url, as_json)


@incident_app.command()
def note(
    id_: IncidentId,
    text: Annotated[str, typer.Argument(help="The note; it is stored exactly as written.")],
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Add a note to an incident's timeline."""
    with connect(url) as connection:
        answer = connection.post(path("incidents", id_, "notes"), {"text": text})
    if as_json:
        print_json(answer)
    else:
        say(f"Added to the timeline of {id_}.")


def _change(id_: str, verb: str, body: dict[str, str], done: str, url: str, as_json: bool) -> None:
    with connect(url) as connection:
        answer = connection.post(path("incidents", id_, verb), body)
    _print_change(answer, done, as_json)


def _print_change(answer: Answer, done: str, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    view = IncidentView.model_validate(answer["incident"])
    say(f"inc-{view.number} {done}: {view.title} ({view.id}).")


def _print(views: Sequence[IncidentView]) -> None:
    rows = [
        (f"inc-{view.number}", view.status.value, view.severity.value, view.team, one_line(view.title))
        for view in views
    ]
    table(("incident", "status", "severity", "team", "title"), rows)
