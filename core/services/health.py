"""How the service is: what its database was migrated to, and how much there is to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from core.service import Work
from core.tables import Notice, RunbookExecution, WorkflowExecution


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


def count_everything(work: Work) -> Figures:
    owed = select(func.count()).where(Notice.wanted > Notice.delivered, Notice.abandoned_at.is_(None))
    due = [
        work.session.scalar(select(func.min(table.wake_at)).where(table.wake_at <= work.now))
        for table in (RunbookExecution, WorkflowExecution)
    ]
    return Figures(
        runbook_executions=_by_status(work, RunbookExecution),
        workflow_executions=_by_status(work, WorkflowExecution),
        notices_owed=work.session.scalar(owed) or 0,
        due_since=min((moment for moment in due if moment is not None), default=None),
    )


def _by_status(work: Work, table: type[RunbookExecution] | type[WorkflowExecution]) -> dict[str, int]:
    counts = work.session.execute(select(table.status, func.count()).group_by(table.status))
    return dict(counts.all())
