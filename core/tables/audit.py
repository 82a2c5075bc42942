"""The audit trail, and the counts of ended executions.

Audit rows are only ever added: database triggers (migration 0004) reject anything else. docs/adr/0011 explains why the
chain is sealed after the commit, docs/adr/0015 how executions are counted.
"""

from datetime import date, datetime

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base, JsonObject


class AuditEntry(Base):
    """An action. `actor`: a Slack user id, `workflow:NAME`, `operator` or `system`; `source`: the interface it came
    through.

    `token_id`: of the bearer token, if it came through REST. `team`: the team concerned at that time; null for global.
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
    """The position of an entry in the chain. A trigger creates it with the entry, unsealed; it is sealed once.

    `number`: the entry's; without a foreign key, whose check would cost a look-up per entry, because verification finds
    missing entries. `position` counts from 1 without gaps; `hash` is core.decisions.audit_chain.seal, in hexadecimal.
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
    """The stored answer to a POST with an `Idempotency-Key`, which is given again for a repeated request."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (Index("ix_idempotent_answers_created_at", "created_at"),)

    token_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status_code: Mapped[int]
    body: Mapped[JsonObject]
    created_at: Mapped[datetime]


class EndedExecution(Base):
    """An execution that ended and is not yet counted. Triggers on the execution tables insert it when the execution
    ends.

    Without a foreign key, whose check would cost a look-up each time.
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
    """`counts`: by `ended STATUS`, `duration BUCKET` and `approval BUCKET` (core.services.analytics.tallies)."""

    __tablename__ = "tallies"
    __table_args__ = (Index("ix_tallies_team_id_day", "team_id", "day"),)

    counts: Mapped[JsonObject]
    last_success: Mapped[datetime | None]


class Total(Base):
    """What was counted of all ended executions, without their owners, days and teams: monitoring asks for it often.

    `kind`: `runbook` or `workflow`. `key`: as in tallies, and `step TYPE BUCKET` for the durations of steps.
    """

    __tablename__ = "totals"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


class FailureTally(_Key, Base):
    """The number of failed executions in which a step failed with an error, cut to its first 500 characters."""

    __tablename__ = "failure_tallies"

    step_id: Mapped[str] = mapped_column(primary_key=True)
    error: Mapped[str] = mapped_column(primary_key=True, server_default=text("''"))
    executions: Mapped[int] = mapped_column(BigInteger)
