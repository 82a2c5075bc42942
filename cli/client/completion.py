"""What the shell offers for a name or an id that is begun: it asks the service, if that answers at once.

A shell evaluates some of what it is offered, so nothing is offered that has other characters than names and ids have.
"""

import re
from collections.abc import Iterator
from typing import Any

import typer

from cli.client.connection import Connection, connect, path
from core.errors import RunbookError
from core.identifiers import Prefix
from core.statuses import ApprovalStatus

SECONDS = 0.5  # a person at a prompt waits for it
OFFERED = re.compile(r"[A-Za-z0-9_.-]+")


def runnable_names(ctx: typer.Context, incomplete: str) -> list[str]:
    return _offer(ctx, incomplete, "runbooks", "name", status=ApprovalStatus.APPROVED.value)


def definition_names(ctx: typer.Context, incomplete: str) -> list[str]:
    return _offer(ctx, incomplete, "workflows" if ctx.params.get("workflow") else "runbooks", "name")


def gates_and_definitions(ctx: typer.Context, incomplete: str) -> list[str]:
    return [*gate_ids(ctx, incomplete), *definition_names(ctx, incomplete)]


def gate_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    return _offer(ctx, incomplete, "approvals", "id")


def active_run_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    return _offer(ctx, incomplete, "executions", "id", listed_as="executions")


def run_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    return _offer(ctx, incomplete, "runs", "id", listed_as="executions")


def failed_run_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    return _offer(ctx, incomplete, "runs", "id", listed_as="executions", status="failed")


def incident_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    numbers = _offer(ctx, "", "incidents", "number")
    return [name for number in numbers if (name := f"inc-{number}").startswith(incomplete)]


def runs_and_incidents(ctx: typer.Context, incomplete: str) -> list[str]:
    if Prefix.RUNBOOK_EXECUTION.startswith(incomplete[:3]) and incomplete:
        return run_ids(ctx, incomplete)
    return [*incident_ids(ctx, incomplete), *([] if incomplete else active_run_ids(ctx, incomplete))]


def _offer(
    ctx: typer.Context, begun: str, resource: str, field: str, *, listed_as: str = "", **query: str
) -> list[str]:
    """Return the values of `field` that start as begun, of the resource's first page; nothing without an answer."""
    try:
        with connect(str(ctx.params.get("url") or ""), SECONDS) as connection:
            found = [str(row.get(field)) for row in _rows(connection, resource, listed_as or resource, query)]
    except RunbookError:
        return []
    return [each for each in found if each.startswith(begun) and OFFERED.fullmatch(each)]


def _rows(connection: Connection, resource: str, listed_as: str, query: dict[str, str]) -> Iterator[Any]:
    yield from connection.get(path(resource), limit=200, **query)[listed_as]
