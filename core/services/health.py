"""How the service is: what its database was migrated to, and how much there is to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from core.decisions.schema import Schema, check_compatible
from core.errors import Unavailable
from core.identifiers import Prefix
from core.service import Work
from core.statuses import ACTIVE
from core.tables import Notice, RunbookExecution, SchemaCompatibility, WorkflowExecution

ENDED = text("""
WITH ended (is_workflow, status, n) AS (
    SELECT starts_with(owner_id, :workflow), substr(key, length('ended ') + 1), value::bigint
    FROM tallies CROSS JOIN LATERAL jsonb_each_text(counts) WHERE starts_with(key, 'ended ')
    UNION ALL
    SELECT false, status, 1 FROM ended_executions JOIN runbook_executions ON id = execution_id
    UNION ALL
    SELECT true, status, 1 FROM ended_executions JOIN workflow_executions ON id = execution_id
)
SELECT CASE WHEN is_workflow THEN 'workflow' ELSE 'runbook' END, status, sum(n)::bigint FROM ended GROUP BY 1, 2
""")


@dataclass(frozen=True)
class Figures:
    """`due_since`: since when the execution that has waited longest for a worker waits; None if none does."""

    runbook_executions: Mapping[str, int]
    workflow_executions: Mapping[str, int]
    notices_owed: int
    due_since: datetime | None


def schema_revision(work: Work) -> str | None:
    """The migration that the database is at; None for a database without our tables."""
    if work.session.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision = work.session.scalar(text("SELECT version_num FROM alembic_version"))
    return str(revision) if revision is not None else None


def schema_of(work: Work) -> Schema:
    """What the database was migrated to, and which releases it says work with that."""
    revision = schema_revision(work)
    if work.session.scalar(text("SELECT to_regclass('schema_compatibility')")) is None:
        return Schema(revision)
    return Schema(revision, work.session.scalar(select(SchemaCompatibility.oldest_code)))


def check_fits(work: Work, newest: str) -> Schema:
    """Raise Unavailable for a database that a release, named by its newest migration, cannot work with."""
    if work.session.scalar(text("SELECT pg_is_in_recovery()")):
        hint = "DATABASE_URL is to lead to the primary; of several hosts in it the one that takes writes is used."
        raise Unavailable("The database is a standby, which takes no writes.", hint=hint)
    return check_schema(work, newest)


def check_schema(work: Work, newest: str) -> Schema:
    """The half of it that holds for who only reads, too: raise Unavailable for a schema that does not fit."""
    schema = schema_of(work)
    check_compatible(schema, newest)
    return schema


def count_everything(work: Work) -> Figures:
    owed = select(func.count()).where(Notice.wanted > Notice.delivered, Notice.abandoned_at.is_(None))
    due = [
        work.session.scalar(select(func.min(table.wake_at)).where(table.wake_at <= work.now))
        for table in (RunbookExecution, WorkflowExecution)
    ]
    ended = _ended(work)
    return Figures(
        runbook_executions=_active(work, RunbookExecution) | ended["runbook"],
        workflow_executions=_active(work, WorkflowExecution) | ended["workflow"],
        notices_owed=work.session.scalar(owed) or 0,
        due_since=min((moment for moment in due if moment is not None), default=None),
    )


def _active(work: Work, table: type[RunbookExecution] | type[WorkflowExecution]) -> dict[str, int]:
    """By an index that has only these: what ended is not read again at each look."""
    counts = select(table.status, func.count()).where(table.status.in_(ACTIVE)).group_by(table.status)
    return dict(work.session.execute(counts).all())


def _ended(work: Work) -> dict[str, dict[str, int]]:
    """By kind and status: what the clock has counted, and what it has yet to count."""
    found: dict[str, dict[str, int]] = {"runbook": {}, "workflow": {}}
    for kind, status, count in work.session.execute(ENDED, {"workflow": f"{Prefix.WORKFLOW}_"}):
        found[kind][status] = count
    return found
