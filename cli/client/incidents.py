"""`incident`: opened, found, and brought forward."""

from collections.abc import Sequence
from typing import Annotated

import typer

from bot.cards.words import one_line
from cli.client.connection import Answer, AsJson, Url, connect, path, print_json
from cli.client.output import facts, say, table
from core.statuses import IncidentStatus, Severity
from core.views.incidents import IncidentView

app = typer.Typer()
incident_app = typer.Typer(
    help="Incidents: open, list, show, ack, resolve, close, escalate, note.", no_args_is_help=True
)
app.add_typer(incident_app, name="incident")

IncidentId = Annotated[str, typer.Argument(metavar="ID", help="inc-12, or the incident's id.")]
SOME = 50


def _labels(words: list[str] | None) -> list[str]:
    wrong = [word for word in words or [] if "=" not in word.strip("=")]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is no label. Write key=value.")
    return words or []


Labels = Annotated[list[str] | None, typer.Argument(metavar="key=value…", callback=_labels, help="Labels.")]


@incident_app.command("open")
def open_(
    title: Annotated[str, typer.Argument(help="What is wrong, in one line.")],
    team: Annotated[str, typer.Option("--team", help="Whose it is.")],
    labels: Labels = None,
    severity: Annotated[Severity, typer.Option("--severity", help="How bad it is.")] = Severity.MEDIUM,
    service: Annotated[str | None, typer.Option("--service", help="Which service it concerns.")] = None,
    description: Annotated[str, typer.Option("--description", help="What else is known.")] = "",
    channel: Annotated[str | None, typer.Option("--channel", help="Where it is dealt with, C….")] = None,
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
    _told(answer, "is open", as_json)


@incident_app.command("list")
def list_(
    status: Annotated[IncidentStatus | None, typer.Option("--status", help="In this status.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="Of this team.")] = None,
    number: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many, newest first.")] = SOME,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """The newest incidents of your teams."""
    query = {name: value for name, value in (("status", status), ("team", team)) if value}
    with connect(url) as connection:
        answer = connection.get(path("incidents"), limit=number, **query)
    if as_json:
        print_json(answer)
        return
    views = list(map(IncidentView.model_validate, answer["incidents"]))
    if not views:
        say("There are none.")
        return
    _print(views)


@incident_app.command()
def show(id_: IncidentId, url: Url = "", as_json: AsJson = False) -> None:
    """How an incident stands."""
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
            ("severity", view.severity.value),
            ("team", view.team),
            ("service", view.service or ""),
            ("channel", view.slack_channel or ""),
            ("labels", " ".join(f"{name}={value}" for name, value in view.labels.items())),
            ("opened", f"{view.created_at:%Y-%m-%d %H:%M:%S} UTC by {view.opened_by}"),
            ("about", view.description),
            *((link.name, link.url) for link in view.links),
        ]
    )


@incident_app.command()
def ack(id_: IncidentId, url: Url = "", as_json: AsJson = False) -> None:
    """Say that somebody works on it."""
    _change(id_, "acknowledge", {}, "is acknowledged", url, as_json)


@incident_app.command()
def resolve(id_: IncidentId, url: Url = "", as_json: AsJson = False) -> None:
    """Say that it is over."""
    _change(id_, "resolve", {}, "is resolved", url, as_json)


@incident_app.command()
def close(id_: IncidentId, url: Url = "", as_json: AsJson = False) -> None:
    """Say that nothing is left to do."""
    _change(id_, "close", {}, "is closed", url, as_json)


@incident_app.command()
def escalate(
    id_: IncidentId,
    severity: Annotated[Severity, typer.Argument(help="How bad it is now.")],
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Raise its severity."""
    _change(id_, "escalate", {"severity": severity.value}, f"is {severity.value} now", url, as_json)


@incident_app.command()
def note(
    id_: IncidentId,
    text: Annotated[str, typer.Argument(help="What everybody should know; it is kept as it is written.")],
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Write something into its timeline."""
    with connect(url) as connection:
        answer = connection.post(path("incidents", id_, "notes"), {"text": text})
    if as_json:
        print_json(answer)
    else:
        say(f"Noted in the timeline of {id_}.")


def _change(id_: str, verb: str, body: dict[str, str], done: str, url: str, as_json: bool) -> None:
    with connect(url) as connection:
        answer = connection.post(path("incidents", id_, verb), body)
    _told(answer, done, as_json)


def _told(answer: Answer, done: str, as_json: bool) -> None:
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
