"""What monitoring asks of the whole installation: every figure from an index, a small table or a bounded count.

No process knows them alone, so each `web` process answers the same, from the database.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text

from core.decisions.heartbeats import Liveness
from core.services.analytics.tallies import Buckets
from core.services.executions.kinds import KINDS
from core.services.operations.health import present_processes
from core.statuses import ACTIVE, GateStatus
from core.tables import (
    Approval,
    AuditSeal,
    Base,
    EndedExecution,
    Notice,
    RunbookExecution,
    Total,
    WorkerLoss,
    WorkflowExecution,
)
from core.unit_of_work import UnitOfWork

MOST = 10_000  # more of a backlog than this are not counted

# The server's view of its connections. As SQL: these are the server's own views.
CONNECTIONS = text("SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity")

# Ends that are not in the totals yet, of which there are few. As SQL, since one statement looks into both tables.
UNCOUNTED = text("""
SELECT 'runbook', status, count(*) FROM ended_executions JOIN runbook_executions ON id = execution_id
WHERE parent_execution_id IS NULL GROUP BY status
UNION ALL
SELECT 'workflow', status, count(*) FROM ended_executions JOIN workflow_executions ON id = execution_id GROUP BY status
""")


@dataclass(frozen=True)
class Backlog:
    """Something that waits to be done: how many, at most MOST, and since when the first; None if there is none."""

    size: int
    since: datetime | None = None

    def age(self, now: datetime) -> float:
        """Return for how many seconds the first has been waiting."""
        return max((now - self.since).total_seconds(), 0.0) if self.since is not None else 0.0


@dataclass(frozen=True)
class Durations:
    """Durations in the buckets of core.services.analytics.tallies: of runs by kind, of gates, of steps by type."""

    executions: Mapping[str, Buckets]
    approvals: Buckets
    steps: Mapping[str, Buckets]


@dataclass(frozen=True)
class Figures:
    """Figures of the installation.

    `executions`: by kind and status. `waiting`: active ones by what they wait for. `due`: those that need a worker now.
    `lost`: those of them whose worker is lost. `held`: how many a worker has. `losses`: workers lost within a day.
    `gates`: open ones. `undelivered`: Slack messages whose time has come. `owed`: all undelivered ones.
    `unsealed`: audit entries; `uncounted`: ends; both wait for the clock.
    """

    executions: Mapping[str, Mapping[str, int]]
    waiting: Mapping[str, int]
    due: Backlog
    lost: Backlog
    held: int
    losses: int
    gates: Backlog
    undelivered: Backlog
    owed: int
    unsealed: int
    uncounted: int
    processes: Sequence[Liveness]
    connections: int
    most_connections: int
    durations: Durations


def figures_of(work: UnitOfWork) -> Figures:
    """Return the figures, in one transaction."""
    totals = _totals(work)
    owed = (Notice.wanted > Notice.delivered, Notice.abandoned_at.is_(None))
    connections, most_connections = work.session.execute(CONNECTIONS).one()
    return Figures(
        executions=_executions(work, totals),
        waiting=_waiting(work),
        due=_due(work),
        lost=_due(work, is_lost=True),
        held=sum(_count(work, table, table.worker.is_not(None), _active(table)) for table in TABLES),
        losses=_count(work, WorkerLoss),
        gates=_backlog(work, select(Approval.opened_at).where(Approval.status == GateStatus.OPEN)),
        undelivered=_backlog(work, select(Notice.due_at).where(*owed, Notice.due_at <= work.now)),
        owed=count_undelivered(work),
        unsealed=_count(work, AuditSeal, AuditSeal.hash.is_(None)),
        uncounted=_count(work, EndedExecution),
        processes=present_processes(work),
        connections=connections,
        most_connections=most_connections,
        durations=_durations(totals),
    )


TABLES: tuple[type[RunbookExecution] | type[WorkflowExecution], ...] = (RunbookExecution, WorkflowExecution)


def count_undelivered(work: UnitOfWork) -> int:
    """Return the number of Slack messages that are not delivered yet, whether they are due or not."""
    return _count(work, Notice, Notice.wanted > Notice.delivered, Notice.abandoned_at.is_(None))


def _active(table: type[RunbookExecution] | type[WorkflowExecution]) -> ColumnElement[bool]:
    return table.status.in_(ACTIVE)  # a partial index has them


def _count(work: UnitOfWork, table: type[Base], *conditions: ColumnElement[bool]) -> int:
    some = select(text("1")).select_from(table).where(*conditions).limit(MOST).subquery()
    return work.session.scalar(select(func.count()).select_from(some)) or 0


def _backlog(work: UnitOfWork, moments: Select[Any]) -> Backlog:
    """Return the backlog of rows, of which `moments` selects since when each waits."""
    [moment] = moments.selected_columns
    first = moments.order_by(moment).limit(MOST).subquery()
    [at] = first.c
    size, since = work.session.execute(select(func.count(), func.min(at)).select_from(first)).one()
    return Backlog(size, since)


def _due(work: UnitOfWork, *, is_lost: bool = False) -> Backlog:
    found = []
    for table in TABLES:
        moments = select(table.wake_at).where(table.wake_at <= work.now)
        found.append(_backlog(work, moments.where(table.worker.is_not(None)) if is_lost else moments))
    since = min((each.since for each in found if each.since is not None), default=None)
    return Backlog(sum(each.size for each in found), since)


def _waiting(work: UnitOfWork) -> Mapping[str, int]:
    found = dict[str, int]()
    for table in TABLES:
        counts = select(table.waiting_for, func.count()).where(_active(table), table.waiting_for.is_not(None))
        for what, count in work.session.execute(counts.group_by(table.waiting_for)):
            found[str(what)] = found.get(str(what), 0) + count
    return found


Totals = Mapping[tuple[str, str], int]  # by kind and key


def _totals(work: UnitOfWork) -> Totals:
    rows = work.session.execute(select(Total.kind, Total.key, Total.n))
    return {(kind, key): count for kind, key, count in rows}


def _executions(work: UnitOfWork, totals: Totals) -> Mapping[str, Mapping[str, int]]:
    found: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for kind, key, count in _of(totals, "ended"):
        found[kind][key] = count
    for kind, status, count in work.session.execute(UNCOUNTED):
        found[kind][status] = found[kind].get(status, 0) + count
    for name, kind_ in KINDS.items():
        table = kind_.execution
        active = select(table.status, func.count()).where(_active(table)).group_by(table.status)
        found[name].update(dict(work.session.execute(active).all()))
    return found


def _of(totals: Totals, what: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind, rest of the key, and count of the totals whose key begins with this word."""
    for (kind, key), count in totals.items():
        first, _, rest = key.partition(" ")
        if first == what:
            yield kind, rest, count


def _durations(totals: Totals) -> Durations:
    executions: dict[str, dict[int, int]] = {kind: {} for kind in KINDS}
    steps: dict[str, dict[int, int]] = {}
    for kind, bucket, count in _of(totals, "duration"):
        executions[kind][int(bucket)] = count
    for _, rest, count in _of(totals, "step"):
        type_, _, bucket = rest.rpartition(" ")
        of_type = steps.setdefault(type_, {})
        of_type[int(bucket)] = of_type.get(int(bucket), 0) + count
    approvals = {int(bucket): count for kind, bucket, count in _of(totals, "approval") if kind == "runbook"}
    return Durations(executions, approvals, steps)
