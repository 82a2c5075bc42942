"""`audit head`, `audit verify` and `audit export`: check that the audit trail is intact, and export it."""

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
audit_app = typer.Typer(help="The audit trail: who did what, when and from where.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")

Moment = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="A date or a date and time, in UTC."),
]


@audit_app.command()
def head(as_json: AsJson = False) -> None:
    """Print the signed head of the audit chain. Keep it where the database's owner cannot write."""
    settings = Settings.from_environment(environment())
    with working() as work:
        newest = newest_head(work)
    if newest is None:
        raise NotFound(
            "No entry of the audit trail is sealed yet.",
            hint="The clock process seals entries twice a second.",
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
            help="A hash, or a file of heads, that the chain must still contain; by default RUNBOOK_AUDIT_HEAD_FILE."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the chain from the database. If it is broken, name the first broken row and exit with status 1."""
    settings = Settings.from_environment(environment())
    known = head if head is not None and HASH.fullmatch(head) else None
    heads = [] if known else saved_heads(head, settings)
    with working() as work:
        report = verify_chain(work, known)
        report = replace(report, broken=report.broken or missing_head(work, heads))
    if as_json:
        print_json({"ok": report.broken is None, **asdict(report), "heads": len(heads)})
    else:
        say(sentence(report, len(heads)))
    raise typer.Exit(1 if report.broken else 0)


def saved_heads(named: str | None, settings: Settings) -> list[Head]:
    """Return the heads in the named file, or else in the file of the setting; none if neither is given.

    Raises InvalidInput if the file cannot be read, is empty, or contains anything but heads.
    """
    file = Path(named) if named is not None else settings.audit_head_file
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{file}, which should contain heads of the audit trail, cannot be read: {error}."
        ) from None
    if not lines:
        raise InvalidInput(
            f"{file} contains no heads of the audit trail: it was emptied, or it is the wrong file."
        )
    return read_heads(lines, settings.slack_signing_secret)


def sentence(report: ChainReport, heads: int = 0) -> str:
    """Return the verification's result in words; `heads` is the number of saved heads it was checked against."""
    if report.broken:
        return f"BROKEN: {report.broken} Entries before it that are intact: {report.sealed}."
    waiting = f" {report.unsealed} more are not sealed yet." if report.unsealed else ""
    saved = f" Saved heads that it contains: all {heads}." if heads else ""
    return f"The chain is intact; entries: {report.sealed}.{waiting}{saved} Head: {report.head}. Keep it elsewhere."


@audit_app.command()
def export(
    actor: Annotated[str, typer.Option(help="Slack id, workflow:NAME, operator or system.")] = "",
    action: Annotated[str, typer.Option(help="For example runbook.approved.")] = "",
    subject: Annotated[str, typer.Option(help="Id of the object that was acted on.")] = "",
    since: Moment = None,
    until: Moment = None,
    url: Url = "",
) -> None:
    """Print all entries that you may see, oldest first, one JSON object per line."""
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
