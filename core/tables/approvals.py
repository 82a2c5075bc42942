"""Approval gates, what people decided, and callbacks.

Approval gates and what people decided.

Callbacks that came for steps of type `callback`, some before their step was reached.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.tables.base import Base, JsonObject


class Approval(Base):
    """A gate that a step of a runbook execution opened. `policy`: see core.decisions.approval_policy.

    `shown`: what is behind it, as core.execution.preview rendered it; `digest`: of that, with version and parameters.
    Both are null for what was opened by a release that did not show it. `asked_again`: why, where it was asked before.
    """

    __tablename__ = "approvals"
    __table_args__ = (UniqueConstraint("execution_id", "position", "attempt"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    execution_id: Mapped[str] = mapped_column(ForeignKey("runbook_executions.id"))
    position: Mapped[int]
    attempt: Mapped[int]
    policy: Mapped[JsonObject]
    message: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    shown: Mapped[list[Any] | None]
    digest: Mapped[str | None]
    asked_again: Mapped[str | None]
    decisions: Mapped[list["ApprovalDecision"]] = relationship(order_by="ApprovalDecision.created_at")


class ApprovalDecision(Base):
    """One decision a person: the primary key says so."""

    __tablename__ = "approval_decisions"

    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    slack_user_id: Mapped[str] = mapped_column(primary_key=True)
    approved: Mapped[bool]
    reason: Mapped[str]
    created_at: Mapped[datetime]


class Callback(Base):
    """One callback a step: the primary key says so. `body` is emptied when its step has read it, or the run has ended.

    What comes from outside may hold a secret of ours; the step keeps what it needs of it, masked.
    """

    __tablename__ = "callbacks"

    execution_id: Mapped[str] = mapped_column(
        ForeignKey("runbook_executions.id", ondelete="CASCADE"), primary_key=True
    )
    step_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    body: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
