"""Approval gates with their decisions, requests for values, and callbacks received for steps of type `callback`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.tables.base import Base, JsonObject, Written


class Approval(Base):
    """A gate opened by a step of a runbook execution. `policy`: see core.decisions.approval_policy.

    `shown`: the steps it covers, as rendered by core.execution.preview; `digest`: of these with version and parameters;
    both null for gates opened by a release that did not show them. `asked_again`: why, if it was asked before.
    `since`: what has changed since the last approval, see core.services.runs.last_approved. `notify`: where else it is
    shown, and `escalation`: to whom it goes later, see core.services.runs.gate_opening. `prompt_at`: when the scheduler
    next has to remind people or escalate.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("execution_id", "position", "attempt"),
        Index(
            "ix_approvals_prompt_at",
            "prompt_at",
            postgresql_where=text("prompt_at IS NOT NULL AND status = 'open'"),
        ),
    )

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
    since: Mapped[JsonObject | None]
    notify: Mapped[JsonObject | None]
    escalation: Mapped[JsonObject | None]
    prompt_at: Mapped[datetime | None]
    decisions: Mapped[list["ApprovalDecision"]] = relationship(order_by="ApprovalDecision.created_at")


class ApprovalDecision(Base):
    """A person's decision at a gate; the primary key allows one per person."""

    __tablename__ = "approval_decisions"

    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"), primary_key=True)
    slack_user_id: Mapped[str] = mapped_column(primary_key=True)
    approved: Mapped[bool]
    reason: Mapped[str]
    created_at: Mapped[datetime]


class InputRequest(Base):
    """A request for values, made by a step of type `input`. `policy`: who may answer, as for an approval.

    `schema`: the JSON Schema of the values, with the defaults of this run. `values`: what was entered, and
    `answered_by` whom by. `request_key`: identifies the delivery that answered it.
    """

    __tablename__ = "input_requests"
    __table_args__ = (UniqueConstraint("execution_id", "position", "attempt"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    execution_id: Mapped[str] = mapped_column(ForeignKey("runbook_executions.id"))
    position: Mapped[int]
    attempt: Mapped[int]
    step_id: Mapped[str]
    policy: Mapped[JsonObject]
    message: Mapped[str]
    schema: Mapped[Written]
    status: Mapped[str]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    values: Mapped[JsonObject | None]
    request_key: Mapped[str | None] = mapped_column(unique=True)


class Callback(Base):
    """A callback; the primary key allows one per step. It may arrive before its step is reached.

    `body` is emptied when the step has read it or the run has ended: outside data may contain one of our secrets, and
    the step keeps what it needs, masked.
    """

    __tablename__ = "callbacks"

    execution_id: Mapped[str] = mapped_column(
        ForeignKey("runbook_executions.id", ondelete="CASCADE"), primary_key=True
    )
    step_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime]
    body: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
