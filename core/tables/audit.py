"""Who did what, when, from where. Rows are only ever added."""

from datetime import datetime

from sqlalchemy import Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.tables.base import Base, JsonObject


class AuditEntry(Base):
    """`actor`: a Slack user id, `workflow:NAME`, `operator` or `system`; `source`: the door it came through."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject_id", "subject_id"),)

    number: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    created_at: Mapped[datetime]
    actor: Mapped[str]
    source: Mapped[str]
    action: Mapped[str]
    subject_id: Mapped[str]
    details: Mapped[JsonObject]


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
