"""Finds the executions that are due for deletion, for those who look, and for the portion that deletes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, case, func, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from core.services.executions.kinds import Kind
from core.services.retention.rules import is_old, obstacles
from core.tables import Incident, RunbookExecution, WorkflowExecution
from core.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Old:
    """An execution that may be deleted: its id, the name of its definition, its incident's number, when it ended."""

    id: str
    name: str
    incident_number: int
    finished_at: datetime | None


@dataclass(frozen=True)
class Outlook:
    """What would be deleted of a kind: how many, the first of them, and how many old ones are kept, by the reason."""

    total: int
    first: Sequence[Old]
    kept: dict[str, int]


def deletable(kind: Kind, before: datetime) -> Select[str]:
    """Select the ids of executions that may be deleted, those that ended first before the others."""
    table = kind.execution
    query = select(table.id).where(is_old(kind, before), not_(or_(*obstacles(kind).values())))
    return query.order_by(table.finished_at, table.id)


def outlook(work: UnitOfWork, kind: Kind, before: datetime, shown: int) -> Outlook:
    """Return what would be deleted of what ended before this time, `shown` of them one by one."""
    reason = case(*((condition, words) for words, condition in obstacles(kind).items()), else_="")
    why = select(reason.label("why")).select_from(kind.execution).where(is_old(kind, before)).subquery()
    counted = select(why.c.why, func.count()).group_by(why.c.why)
    counts: dict[str, int] = dict(work.session.execute(counted).all())
    total = counts.pop("", 0)
    return Outlook(total, _first(work, kind, before, shown), counts)


def _first(work: UnitOfWork, kind: Kind, before: datetime, shown: int) -> list[Old]:
    table = kind.execution
    query = (
        select(table.id, _name(kind), Incident.number, table.finished_at)
        .join(Incident, Incident.id == table.incident_id)
        .where(table.id.in_(deletable(kind, before).limit(shown)))
        .order_by(table.finished_at, table.id)
    )
    return [Old(*row) for row in work.session.execute(query)]


def _name(kind: Kind) -> InstrumentedAttribute[str]:
    return RunbookExecution.runbook_name if kind.name == "runbook" else WorkflowExecution.workflow_name
