"""`runbook prune`: show, or delete, the executions that ended long ago."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated

import typer

from cli.client.output import say, table
from cli.compose import Composition, reachable
from cli.environment import environment
from cli.operator import OPERATOR
from core.services.executions.kinds import Kind
from core.services.operations.health import check_schema
from core.services.retention.choosing import Outlook, outlook
from core.services.retention.pruning import prune_portion
from core.services.retention.rules import LEAST, ORDER
from core.settings import Settings
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision

app = typer.Typer()

SHOWN = 20
SETTING = {"runbook": "RUNBOOK_KEEP_RUNS", "workflow": "RUNBOOK_KEEP_WORKFLOW_RUNS"}

Days = Annotated[
    int | None,
    typer.Option(
        "--days",
        min=LEAST.days,
        help="Delete what ended longer ago, of both kinds. Default: what the settings say for each.",
    ),
]
Delete = Annotated[bool, typer.Option("--delete", help="Delete them. Without it, they are only shown.")]


@app.command()
def prune(days: Days = None, delete: Delete = False) -> None:
    """Show which executions are old enough to be deleted, and with --delete delete them."""
    settings = Settings.from_environment(environment())
    ages = {kind: _age(settings, kind, days) for kind in ORDER}
    with _service(settings) as unit_of_work:
        for kind, age in ages.items():
            if age is None:
                say(f"{kind.name} executions are kept for ever: {SETTING[kind.name]} is not set.")
            elif delete:
                say(f"Deleted {_delete(unit_of_work, kind, age):,} {kind.name} executions.")
            else:
                _show(unit_of_work, kind, age)


def _age(settings: Settings, kind: Kind, days: int | None) -> timedelta | None:
    return timedelta(days=days) if days is not None else settings.retention_of(kind.name)


@contextmanager
def _service(settings: Settings) -> Iterator[UnitOfWorkFactory]:
    with reachable(settings) as known, Composition.of(known) as composition:
        with composition.unit_of_work.begin() as work:
            check_schema(work, newest_revision())
        yield composition.unit_of_work


def _delete(unit_of_work: UnitOfWorkFactory, kind: Kind, age: timedelta) -> int:
    total = 0
    while True:
        with unit_of_work.begin() as work:
            done = prune_portion(work, OPERATOR, kind, work.now - age)
        if not done:
            return total
        total += done


def _show(unit_of_work: UnitOfWorkFactory, kind: Kind, age: timedelta) -> None:
    with unit_of_work.begin() as work:
        found, now = outlook(work, kind, work.now - age, SHOWN), work.now
    say(f"{found.total:,} {kind.name} executions ended more than {age.days} days ago and would be deleted.")
    if found.first:
        _table(found, kind, now)
    if found.total > len(found.first):
        say(f"… and {found.total - len(found.first):,} more.")
    for reason, count in sorted(found.kept.items()):
        say(f"{count:,} as old would be kept: {reason}.")
    say("Nothing was deleted: `runbook prune --delete` deletes." if found.total else "")


def _table(found: Outlook, kind: Kind, now: datetime) -> None:
    rows = [
        (each.id, each.name, f"inc-{each.incident_number}", f"{(now - each.finished_at).days} days ago")
        for each in found.first
        if each.finished_at is not None
    ]
    table((kind.name, "name", "incident", "ended"), rows)
