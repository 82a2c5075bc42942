"""Which ended executions may be deleted, and what keeps the others, as SQL conditions with their reasons.

A run goes together with its child runs, so only runs without a parent are looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func
from sqlalchemy.orm import aliased

from core.services.executions.kinds import RUNBOOK, WORKFLOW, Kind, KindName
from core.statuses import ACTIVE, UNRESOLVED, GateStatus, InputStatus
from core.tables import (
    Approval,
    EndedExecution,
    Incident,
    InputRequest,
    Notice,
    RunbookExecution,
    WorkflowExecution,
)

# Links to a run's page are valid for 90 days, answers to an Idempotency-Key and secret parameters for less.
LEAST = timedelta(days=91)


@dataclass(frozen=True)
class Retention:
    """How long executions are kept after their end, by kind; None: for ever."""

    runbook: timedelta | None = None
    workflow: timedelta | None = None

    def age_of(self, kind: KindName) -> timedelta | None:
        return self.runbook if kind == "runbook" else self.workflow


def is_old(kind: Kind, before: datetime) -> ColumnElement[bool]:
    """Return the condition that the execution ended before this time, and is nobody's child."""
    old = kind.execution.finished_at < before
    return old & RunbookExecution.parent_execution_id.is_(None) if kind is RUNBOOK else old


def obstacles(kind: Kind) -> Mapping[str, ColumnElement[bool]]:
    """Return what keeps an old execution, by the reason in words."""
    return {**_of_all(kind), **(_of_runbooks() if kind is RUNBOOK else _of_workflows())}


def _of_all(kind: Kind) -> Mapping[str, ColumnElement[bool]]:
    table = kind.execution
    owed = (Notice.wanted > Notice.delivered, Notice.abandoned_at.is_(None))
    return {
        "it has not ended": table.status.in_(ACTIVE),
        "its incident is not resolved": exists().where(
            Incident.id == table.incident_id, Incident.status.in_(UNRESOLVED)
        ),
        "a message of its incident is not delivered yet": exists().where(
            Notice.incident_id == table.incident_id, *owed
        ),
        "it is not counted for the analytics yet": exists().where(EndedExecution.execution_id == table.id),
    }


def _of_runbooks() -> Mapping[str, ColumnElement[bool]]:
    run, other = RunbookExecution, aliased(RunbookExecution)
    family = func.coalesce(other.root_execution_id, other.id)
    return {
        "a child run of it has not ended": exists().where(
            other.root_execution_id == run.id, other.status.in_(ACTIVE)
        ),
        "the workflow that started it has not ended": exists().where(
            WorkflowExecution.id == run.workflow_execution_id, WorkflowExecution.status.in_(ACTIVE)
        ),
        "it was retried, and the retry is kept": exists().where(other.retry_of == run.id, family != run.id),
        "one of its gates is open": exists().where(
            Approval.execution_id == run.id, Approval.status == GateStatus.OPEN
        ),
        "it asks for values": exists().where(
            InputRequest.execution_id == run.id, InputRequest.status == InputStatus.OPEN
        ),
    }


def _of_workflows() -> Mapping[str, ColumnElement[bool]]:
    started = RunbookExecution.workflow_execution_id == WorkflowExecution.id
    return {"a run that it started is kept": exists().where(started)}


ORDER = (RUNBOOK, WORKFLOW)  # runs first: they refer to the workflow executions that started them
