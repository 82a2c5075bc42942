"""The installation: the identity of its database, its processes, its Slack workspace, and freezes."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.tables.base import Base
from core.tables.people import Team


class Installation(Base):
    """One row, written by the first process that meets a new database.

    `generation`: 1, plus 1 for every restore. `identity`, `timeline`: of the database that wrote the row
    (core.services.operations.installation). `line`: a name for the period since the last restore, under which an
    outside witness remembers `mark`, a number that only grows. `restored_at`: when the last restore was detected; null
    if there was none.
    """

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    identity: Mapped[str]
    timeline: Mapped[str]
    line: Mapped[str]
    mark: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    restored_at: Mapped[datetime | None]


class Process(Base):
    """A process that started and has not shut down in order. `kind`: `worker`, …; `seen_at`: its last sign of life."""

    __tablename__ = "processes"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    host: Mapped[str]
    pid: Mapped[int]
    version: Mapped[str]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class SchemaCompatibility(Base):
    """One row, written by `runbook migrate`. `oldest_code`: the oldest release that works with the current schema.

    A release is named by its newest migration.
    """

    __tablename__ = "schema_compatibility"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    oldest_code: Mapped[str]


class SlackWorkspace(Base):
    """One row, learned from Slack, so that a start without Slack knows it too.

    `enterprise_id` is empty if the workspace belongs to none; `app_id` is null if Slack did not report it.
    """

    __tablename__ = "slack_workspace"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    team_id: Mapped[str]
    enterprise_id: Mapped[str]
    app_id: Mapped[str | None]
    learned_at: Mapped[datetime]


class Freeze(Base):
    """A freeze, in force until `lifted_at`. `team_id`: null for everything. At most one per scope is in force."""

    __tablename__ = "freezes"
    __table_args__ = (
        Index(
            "uq_freezes_in_force",
            "team_id",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"))
    reason: Mapped[str]
    frozen_by: Mapped[str]
    created_at: Mapped[datetime]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
    request_key: Mapped[str | None] = mapped_column(unique=True)
    team: Mapped[Team | None] = relationship(lazy="joined")
