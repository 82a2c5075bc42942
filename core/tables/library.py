"""Definitions of runbooks and workflows, with their history."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from core.tables.base import Base, Written
from core.tables.people import Team

WRITES = text("change IN ('created', 'changed', 'rolled_back')")


class LibraryColumns:
    """The columns of runbooks and workflows: the newest version of a definition. `changed_by`: the author of that
    version.

    `status`: of that version: draft, approved or deprecated. `approved_version`: the newest approved version,
    `approved_by`: by whom. `quarantine`: why it may not run, if it lost its workers; null again once it is changed or
    approved again.
    """

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"), index=True)
    version: Mapped[int]
    definition: Mapped[Written]
    changed_by: Mapped[str]
    status: Mapped[str]
    approved_version: Mapped[int | None]
    approved_by: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    quarantine: Mapped[str | None]

    @declared_attr
    def team(cls) -> Mapped[Team | None]:  # noqa: N805 SQLAlchemy calls it with the class
        return relationship(lazy="joined")


class VersionColumns:
    """One entry of a definition's history: it was written, or a decision was made about it.

    `version` numbers definitions: rows with the same number have the same definition. The first of them has its author,
    the others (approved, deprecated, enabled, …) who made which decision. `status`: after the change.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    change: Mapped[str]
    status: Mapped[str]
    definition: Mapped[Written]
    changed_by: Mapped[str]
    note: Mapped[str]
    created_at: Mapped[datetime]


class Runbook(LibraryColumns, Base):
    """A runbook. It runs only while `status` is `approved`; an edit takes it out of force."""

    __tablename__ = "runbooks"
    __table_args__ = (
        Index("uq_runbooks_name", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
    )


class RunbookVersion(VersionColumns, Base):
    __tablename__ = "runbook_versions"
    __table_args__ = (
        Index("uq_runbook_versions_written", "runbook_id", "version", unique=True, postgresql_where=WRITES),
        Index("ix_runbook_versions_runbook_id_id", "runbook_id", "id"),
    )

    owner_id: Mapped[str] = mapped_column("runbook_id", ForeignKey("runbooks.id"))


class Workflow(LibraryColumns, Base):
    """A workflow. `enabled` is not part of what is versioned; `definition` has the same value.

    `in_force`: the approved version, without `enabled`; only this is ever started. An edit does not change it. Null
    before the first approval, after deprecation, and under quarantine. `trigger_on`: the event that starts it; null if
    nothing is in force. `trigger_since`: since when it has been enabled with that trigger. `next_at`: the first
    occurrence of its schedule that is not decided yet; null if it has none, or is disabled or not in force.
    """

    __tablename__ = "workflows"
    __table_args__ = (
        Index("uq_workflows_name", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
        Index("ix_workflows_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )

    enabled: Mapped[bool]
    in_force: Mapped[Written | None]
    trigger_on: Mapped[str | None] = mapped_column(index=True)
    trigger_since: Mapped[datetime] = mapped_column(server_default=text("now()"))
    next_at: Mapped[datetime | None]


class WorkflowVersion(VersionColumns, Base):
    """A version of a workflow. `status` of entries from before workflows needed approval: `enabled` or `disabled`."""

    __tablename__ = "workflow_versions"
    __table_args__ = (
        Index("uq_workflow_versions_written", "workflow_id", "version", unique=True, postgresql_where=WRITES),
        Index("ix_workflow_versions_workflow_id_id", "workflow_id", "id"),
    )

    owner_id: Mapped[str] = mapped_column("workflow_id", ForeignKey("workflows.id"))
