"""Executions and their steps, of runbooks and of workflows, which share one state machine.

`wake_at` is the work list: when an execution next needs a worker. While a worker holds the execution, it is the end of
the lease; it is null if the execution has ended or waits only for people. `revision` grows with every change, and a
writer that read an older one writes nothing. `fence` grows with every claim and identifies the lease.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.identifiers import current_request_id
from core.tables.base import Base, JsonObject, Written

ACTIVE = text("status IN ('pending', 'running', 'waiting')")
ENDED = text("status IN ('succeeded', 'failed', 'cancelled', 'timed_out')")


def _scope_indexes(table: str) -> tuple[Index, Index]:
    """Indexes with which a freeze finds what it stops, and its end what it held."""
    return (
        Index(f"ix_{table}_active", "incident_id", postgresql_where=ACTIVE),
        Index(f"ix_{table}_frozen", "incident_id", postgresql_where=text("frozen")),
    )


def _list_indexes(kind: str) -> tuple[Index, Index]:
    """Indexes to list the executions of one definition: all, and those with a status, which may be rare."""
    name, owner = f"ix_{kind}_executions_{kind}_id", f"{kind}_id"
    return (
        Index(f"{name}_created_at", owner, "created_at", "id"),
        Index(f"{name}_status", owner, "status", "created_at", "id"),
    )


class ExecutionColumns:
    """The columns of both kinds of executions. `outcome`: how it will end once its finally steps are over."""

    id: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[Written]
    status: Mapped[str]
    waiting_for: Mapped[str | None]
    wake_at: Mapped[datetime | None]
    # The column keeps its first name: processes of the release before go on reading it during an upgrade.
    enqueued_at: Mapped[datetime | None] = mapped_column("rung_at")
    worker: Mapped[str | None]
    fence: Mapped[int] = mapped_column(server_default=text("0"))
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    cancel_requested: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    frozen: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    requested_by: Mapped[str]
    request_key: Mapped[str | None] = mapped_column(unique=True)
    request_id: Mapped[str | None] = mapped_column(default=current_request_id)
    error: Mapped[str | None]
    outcome: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class StepColumns:
    """The columns of the steps of a runbook execution and the actions of a workflow execution.

    `maybe_done`: the step was still ahead when the restored copy of the database was taken, or follows from such a
    step: the original database may have it as done. `progress`: what a step that looks again has to know.
    """

    position: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[str]
    type: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    request: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    output: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    saved: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    error: Mapped[str | None]
    maybe_done: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    progress: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))


class RunbookExecution(ExecutionColumns, Base):
    """A run of a runbook. `awaited_by`: the id of the workflow's action that waits for its end, if any.

    `values`: what the definition's `values` came to at the start; null before that, and for a definition without any.
    `initiators`: who initiated it (core.decisions.initiators); none of them may decide its gates.
    `proposal`: what an agent said when it proposed the run, `{"gate", "text", "owner", "for"}`; null for any other.
    `depth`: how many of our own runs in a chain led to it. `pinned`: the version of each runbook that its steps run.

    A child run has `parent_execution_id`, the step that started it and in which attempt (`parent_step`,
    `child_round`), its place among its siblings (`child_index`), how people call it (`child_name`), how deep it is
    (`child_depth`; 0 for a run that has no parent), and the run from which all descend (`root_execution_id`).
    `child_scope`: what the expressions of inline steps see besides, `{"variable", "value"}`; null if it runs a runbook
    of its own.
    """

    __tablename__ = "runbook_executions"

    runbook_id: Mapped[str] = mapped_column(ForeignKey("runbooks.id"))
    runbook_name: Mapped[str]
    runbook_version: Mapped[int]
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"))
    parameters: Mapped[Written]
    values: Mapped[Written | None]
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"))
    workflow_execution_id: Mapped[str | None] = mapped_column(ForeignKey("workflow_executions.id"))
    retry_of: Mapped[str | None] = mapped_column(ForeignKey("runbook_executions.id"))
    lock_name: Mapped[str | None]
    holds_lock: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    awaited_by: Mapped[str | None]
    initiators: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    proposal: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    depth: Mapped[int] = mapped_column(server_default=text("0"))
    pinned: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    parent_execution_id: Mapped[str | None] = mapped_column(ForeignKey("runbook_executions.id"))
    root_execution_id: Mapped[str | None]
    parent_step: Mapped[str | None]
    child_round: Mapped[int | None]
    child_index: Mapped[int | None]
    child_name: Mapped[str | None]
    child_depth: Mapped[int] = mapped_column(server_default=text("0"))
    child_scope: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))

    __table_args__ = (
        Index("ix_runbook_executions_wake_at", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
        Index("ix_runbook_executions_incident_id_created_at", "incident_id", "created_at", "id"),
        Index(
            "ix_runbook_executions_requested_by",
            "requested_by",
            "created_at",
            "id",
            postgresql_where=text("parent_execution_id IS NULL"),
        ),
        *_list_indexes("runbook"),
        Index(
            "ix_runbook_executions_created_at",
            "created_at",
            "id",
            postgresql_where=text("parent_execution_id IS NULL"),
        ),
        # Not of active ones, which change their status often and are few: ix_runbook_executions_active finds them.
        Index(
            "ix_runbook_executions_ended",
            "status",
            "created_at",
            "id",
            postgresql_where=text(f"parent_execution_id IS NULL AND {ENDED.text}"),
        ),
        Index(
            "ix_runbook_executions_finished_at",
            "finished_at",
            "id",
            postgresql_where=text("parent_execution_id IS NULL AND finished_at IS NOT NULL"),
        ),
        *_scope_indexes("runbook_executions"),
        Index("ix_runbook_executions_workflow_execution_id", "workflow_execution_id"),
        Index("uq_runbook_executions_retry_of", "retry_of", unique=True),
        Index(
            "ix_runbook_executions_root_execution_id",
            "root_execution_id",
            postgresql_where=text("root_execution_id IS NOT NULL"),
        ),
        Index(
            "uq_runbook_executions_children",
            "parent_execution_id",
            "parent_step",
            "child_round",
            "child_index",
            unique=True,
            postgresql_where=text("parent_execution_id IS NOT NULL"),
        ),
        Index("uq_runbook_executions_holder", "lock_name", unique=True, postgresql_where=text("holds_lock")),
        Index("ix_runbook_executions_queue", "lock_name", postgresql_where=text("waiting_for = 'lock'")),
    )


class StepExecution(StepColumns, Base):
    """`carried_over`: the step was done by the execution that this one retries."""

    __tablename__ = "step_executions"

    execution_id: Mapped[str] = mapped_column(
        ForeignKey("runbook_executions.id", ondelete="CASCADE"), primary_key=True
    )
    carried_over: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class WorkerLoss(Base):
    """A worker lost while it held an execution, recorded by the claim (`fence`) that found out.

    `position`: of the step that was current.
    """

    __tablename__ = "worker_losses"
    __table_args__ = (Index("ix_worker_losses_lost_at", "lost_at"),)

    execution_id: Mapped[str] = mapped_column(primary_key=True)
    fence: Mapped[int] = mapped_column(primary_key=True)
    definition_id: Mapped[str]
    version: Mapped[int]
    position: Mapped[int]
    lost_at: Mapped[datetime]


class WorkflowExecution(ExecutionColumns, Base):
    """A run of a workflow for one incident, caused by one event."""

    __tablename__ = "workflow_executions"

    workflow_id: Mapped[str] = mapped_column(ForeignKey("workflows.id"))
    workflow_name: Mapped[str]
    workflow_version: Mapped[int]
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"))
    event_id: Mapped[str] = mapped_column(ForeignKey("incident_events.id"))

    __table_args__ = (
        UniqueConstraint("workflow_id", "event_id"),
        Index("ix_workflow_executions_wake_at", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
        *_scope_indexes("workflow_executions"),
        Index("ix_workflow_executions_created_at", "created_at"),
        Index(
            "ix_workflow_executions_finished_at",
            "finished_at",
            "id",
            postgresql_where=text("finished_at IS NOT NULL"),
        ),
        Index("ix_workflow_executions_incident_id_created_at", "incident_id", "created_at", "id"),
        *_list_indexes("workflow"),
    )


class ActionExecution(StepColumns, Base):
    __tablename__ = "action_executions"

    execution_id: Mapped[str] = mapped_column(
        ForeignKey("workflow_executions.id", ondelete="CASCADE"), primary_key=True
    )
