"""`audit head`, `audit verify` and `audit export`: whether the audit trail is whole, and all that it says."""

import re
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.client.connection import AsJson, Url, connect, path, print_json
from cli.client.output import say
from cli.environment import environment
from cli.tokens import working
from core.decisions.audit_chain import Head, read_heads, signed
from core.errors import InvalidInput, NotFound
from core.services.audit.chain import ChainReport, missing_head, newest_head, verify_chain
from core.settings import Settings

app = typer.Typer()
HASH = re.compile(r"[0-9a-f]{64}")
audit_app = typer.Typer(help="Who did what, when, from where.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")

Moment = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="A day or a moment, in UTC."),
]


@audit_app.command()
def head(as_json: AsJson = False) -> None:
    """How far the trail's chain is: position, hash and time, signed. Keep it where the database's owner is not."""
    settings = Settings.from_environment(environment())
    with working() as work:
        newest = newest_head(work)
    if newest is None:
        raise NotFound(
            "Nothing of the audit trail is sealed yet.", hint="The clock does that, twice a second."
        )
    if as_json:
        print_json(signed(newest, settings.slack_signing_secret))
    else:
        say(f"Position {newest.position}, {newest.hash}, {newest.time:%Y-%m-%d %H:%M:%S} UTC.")


@audit_app.command()
def verify(
    head: Annotated[
        str | None,
        typer.Option(
            help="What must still be in it: a hash, or a file of heads. Without it RUNBOOK_AUDIT_HEAD_FILE."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the chain anew, at the database; exit status 1, with the first broken row, where it is not whole."""
    settings = Settings.from_environment(environment())
    known = head if head is not None and HASH.fullmatch(head) else None
    heads = [] if known else kept_heads(head, settings)
    with working() as work:
        report = verify_chain(work, known)
        report = replace(report, broken=report.broken or missing_head(work, heads))
    if as_json:
        print_json({"ok": report.broken is None, **asdict(report), "heads": len(heads)})
    else:
        say(sentence(report, len(heads)))
    raise typer.Exit(1 if report.broken else 0)


def kept_heads(named: str | None, settings: Settings) -> list[Head]:
    """Those of the file that is named, or else that the setting names. Raises InvalidInput where they are no heads."""
    file = Path(named) if named is not None else settings.audit_head_file
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{file}, which should have heads of the audit trail, cannot be read: {error}."
        ) from None
    if not lines:
        raise InvalidInput(
            f"{file} has no head of the audit trail: it was emptied, or is not the right file."
        )
    return read_heads(lines, settings.slack_signing_secret)


def sentence(report: ChainReport, heads: int = 0) -> str:
    """What the verification came to."""
    if report.broken:
        return f"BROKEN: {report.broken} The {report.sealed} entries before it are whole."
    waiting = f" {report.unsealed} more are not sealed yet." if report.unsealed else ""
    kept = f" It has all {heads} heads that were kept." if heads else ""
    return f"{report.sealed} entries, the chain is whole.{waiting}{kept} Its head is {report.head}: keep it elsewhere."


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
