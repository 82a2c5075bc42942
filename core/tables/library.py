"""Definitions: runbooks and workflows, with a version for every change."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.tables.base import Base, Written
from core.tables.people import Team


class Runbook(Base):
    """The newest version of a runbook. `approved_version`: the one that runs, if any does."""

    __tablename__ = "runbooks"
    __table_args__ = (
        Index("uq_runbooks_name", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"), index=True)
    status: Mapped[str]
    version: Mapped[int]
    approved_version: Mapped[int | None]
    definition: Mapped[Written]
    changed_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    team: Mapped[Team | None] = relationship(lazy="joined")


class RunbookVersion(Base):
    __tablename__ = "runbook_versions"
    __table_args__ = (UniqueConstraint("runbook_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    runbook_id: Mapped[str] = mapped_column(ForeignKey("runbooks.id"))
    version: Mapped[int]
    status: Mapped[str]
    definition: Mapped[Written]
    changed_by: Mapped[str]
    note: Mapped[str]
    created_at: Mapped[datetime]


class Workflow(Base):
    """The newest version of a workflow. `trigger_since`: since when it has been enabled with its present trigger."""

    __tablename__ = "workflows"
    __table_args__ = (
        Index("uq_workflows_name", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"), index=True)
    enabled: Mapped[bool]
    version: Mapped[int]
    trigger_on: Mapped[str] = mapped_column(index=True)
    trigger_since: Mapped[datetime] = mapped_column(server_default=text("now()"))
    definition: Mapped[Written]
    changed_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    team: Mapped[Team | None] = relationship(lazy="joined")


class WorkflowVersion(Base):
    __tablename__ = "workflow_versions"
    __table_args__ = (UniqueConstraint("workflow_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workflow_id: Mapped[str] = mapped_column(ForeignKey("workflows.id"))
    version: Mapped[int]
    definition: Mapped[Written]
    changed_by: Mapped[str]
    note: Mapped[str]
    created_at: Mapped[datetime]
