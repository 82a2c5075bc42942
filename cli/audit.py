"""`audit verify` and `audit export`: whether the audit trail is whole, and all that it says."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from cli.client.options import AsJson, Url, connect, path, print_json
from cli.client.output import say
from cli.tokens import working
from core.services.audit_chain import ChainReport, verify_chain

app = typer.Typer()
audit_app = typer.Typer(help="Who did what, when, from where.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")

Moment = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="A day or a moment, in UTC."),
]


@audit_app.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="A head that an earlier verification gave: it must still be there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the chain anew, at the database; exit status 1, with the first broken row, where it is not whole."""
    with working() as work:
        report = verify_chain(work, head)
    if as_json:
        print_json({"ok": report.broken is None, **asdict(report)})
    else:
        say(sentence(report))
    raise typer.Exit(1 if report.broken else 0)


def sentence(report: ChainReport) -> str:
    """What the verification came to."""
    if report.broken:
        return f"BROKEN: {report.broken} The {report.sealed} entries before it are whole."
    waiting = f" {report.unsealed} more are not sealed yet." if report.unsealed else ""
    return (
        f"{report.sealed} entries, the chain is whole.{waiting} Its head is {report.head}: keep it elsewhere."
    )


@audit_app.command()
def export(
    actor: Annotated[str, typer.Option(help="Slack id, workflow:NAME, operator or system.")] = "",
    action: Annotated[str, typer.Option(help="Such as runbook.approved.")] = "",
    subject: Annotated[str, typer.Option(help="Id of what it was done to.")] = "",
    since: Moment = None,
    until: Moment = None,
    url: Url = "",
) -> None:
    """All entries that you may see, oldest first, one JSON object a line."""
    wanted = {
        "actor": actor,
        "action": action,
        "subject": subject,
        "since": _utc(since),
        "until": _utc(until),
    }
    with connect(url) as connection:
        for line in connection.lines(path("audit"), **{name: text for name, text in wanted.items() if text}):
            typer.echo(line)


def _utc(moment: datetime | None) -> str:
    return f"{moment.isoformat()}Z" if moment else ""
