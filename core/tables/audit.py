"""The audit trail, and the tallies of what ended.

Who did what, when, from where. Rows are only ever added: triggers of the database refuse anything else.

Migration 0004 makes the triggers; docs/adr/0011 says why the chain is made after the commit.

What ended, counted: by whose it is, and by the day in which it was asked for (docs/adr/0015).
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base, JsonObject


class AuditEntry(Base):
    """`actor`: a Slack user id, `workflow:NAME`, `operator` or `system`; `source`: the door it came through.

    `token_id`: of the bearer token, where it came through REST. `team`: whose it was then; null for what is global.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_subject_id", "subject_id"),
        Index("ix_audit_entries_created_at", "created_at", "number"),
        Index("ix_audit_entries_team_created_at", "team", "created_at", "number"),
        Index("ix_audit_entries_actor_created_at", "actor", "created_at", "number"),
        Index("ix_audit_entries_action_created_at", "action", "created_at", "number"),
    )

    number: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    created_at: Mapped[datetime]
    actor: Mapped[str]
    source: Mapped[str]
    action: Mapped[str]
    subject_id: Mapped[str]
    details: Mapped[JsonObject]
    token_id: Mapped[str | None]
    team: Mapped[str | None]


class AuditSeal(Base):
    """The place of an entry in the chain. A trigger makes it with the entry, unsealed; it is sealed once.

    `number`: the entry's; no foreign key, for its check would cost each entry a look-up, and verifying finds what
    is gone. `position` counts from 1 without a gap; `hash` is core.decisions.audit_chain.seal, as hexadecimal text.
    """

    __tablename__ = "audit_seals"
    __table_args__ = (
        Index("uq_audit_seals_position", "position", unique=True),
        Index("ix_audit_seals_unsealed", "number", postgresql_where=text("hash IS NULL")),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int | None] = mapped_column(BigInteger)
    hash: Mapped[str | None]


class IdempotentAnswer(Base):
    """The answer that a POST with an `Idempotency-Key` got, to be given again."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (Index("ix_idempotent_answers_created_at", "created_at"),)

    token_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status_code: Mapped[int]
    body: Mapped[JsonObject]
    created_at: Mapped[datetime]


class EndedExecution(Base):
    """An execution that ended and is not counted yet. Triggers of the executions' tables write it with the end.

    No foreign key: its check would cost each end a look-up, and the trigger knows the row.
    """

    __tablename__ = "ended_executions"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    execution_id: Mapped[str]


class _Key:
    """`owner_id`: of the runbook or workflow. `team_id`: of the incident. `day`: of the request, in UTC."""

    owner_id: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(primary_key=True)


class Tally(_Key, Base):
    """`counts`: how many, by `ended STATUS`, `duration BUCKET`, `approval BUCKET` (core.services.analytics.tallies)."""

    __tablename__ = "tallies"

    counts: Mapped[JsonObject]
    last_success: Mapped[datetime | None]


class FailureTally(_Key, Base):
    """In how many failed executions a step failed with an error, of which the first 500 characters are kept."""

    __tablename__ = "failure_tallies"

    step_id: Mapped[str] = mapped_column(primary_key=True)
    error: Mapped[str] = mapped_column(primary_key=True, server_default=text("''"))
    executions: Mapped[int] = mapped_column(BigInteger)
