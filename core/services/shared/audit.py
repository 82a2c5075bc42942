"""Writes the audit trail: one entry for each action, in the action's own transaction."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import CTE, ColumnElement, Insert, ScalarSelect, insert, literal, select

from core.decisions.people import Person
from core.identifiers import Prefix
from core.tables import (
    Approval,
    AuditEntry,
    Freeze,
    Incident,
    Runbook,
    RunbookExecution,
    Team,
    Workflow,
    WorkflowExecution,
)
from core.unit_of_work import UnitOfWork


def record(
    work: UnitOfWork,
    person: Person,
    action: str,
    subject_id: str,
    details: Mapping[str, object] | None = None,
    *,
    together: Sequence[CTE] = (),
) -> None:
    """Write an audit entry.

    `action`: a past-tense name such as `runbook_execution.requested`. `details`: JSON with secrets masked; its `before`
    and `after` are what the action changed. The entry's team is that of the subject, looked up by `subject_id`.
    `together`: what the same statement writes.
    """
    work.session.flush()  # the subject may be new
    entry = new_entry(work, person, action, subject_id, details, _team_of(subject_id))
    work.session.execute(entry.add_cte(*together))


def new_entry(
    work: UnitOfWork,
    person: Person,
    action: str,
    subject_id: str,
    details: Mapping[str, object] | None,
    team: ColumnElement[str] | str | None,
) -> Insert:
    """Return the statement that writes an entry, for one that writes its subject, too. Otherwise call `record`."""
    return insert(AuditEntry).values(
        created_at=work.now,
        actor=person.slack_user_id,
        source=person.source,
        action=action,
        subject_id=subject_id,
        details=dict(details or {}),
        token_id=person.token_id,
        team=team,
    )


def _team_of(subject_id: str) -> ColumnElement[str] | None:
    """Return a subquery for the name of the subject's team; as part of the INSERT it costs no extra round trip."""
    find = TEAM_BY_PREFIX.get(subject_id.split("_")[0])
    return find(literal(subject_id)) if find else None


def _of_incident(subject: ColumnElement[str]) -> ScalarSelect[str]:
    return select(Team.name).join(Incident).where(Incident.id == subject).scalar_subquery()


def _of_run(subject: ColumnElement[str]) -> ScalarSelect[str]:
    incident = select(RunbookExecution.incident_id).where(RunbookExecution.id == subject)
    return _of_incident(incident.scalar_subquery())


def _of_gate(subject: ColumnElement[str]) -> ScalarSelect[str]:
    return _of_run(select(Approval.execution_id).where(Approval.id == subject).scalar_subquery())


def _of_workflow_run(subject: ColumnElement[str]) -> ScalarSelect[str]:
    incident = select(WorkflowExecution.incident_id).where(WorkflowExecution.id == subject)
    return _of_incident(incident.scalar_subquery())


def _of_runbook(subject: ColumnElement[str]) -> ScalarSelect[str]:
    return select(Team.name).join(Runbook).where(Runbook.id == subject).scalar_subquery()


def _of_workflow(subject: ColumnElement[str]) -> ScalarSelect[str]:
    return select(Team.name).join(Workflow).where(Workflow.id == subject).scalar_subquery()


def _of_freeze(subject: ColumnElement[str]) -> ScalarSelect[str]:
    """The result is NULL for a freeze of everything."""
    return select(Team.name).join(Freeze).where(Freeze.id == subject).scalar_subquery()


def _of_team(subject: ColumnElement[str]) -> ScalarSelect[str]:
    return select(Team.name).where(Team.id == subject).scalar_subquery()


TEAM_BY_PREFIX: Mapping[str, Callable[[ColumnElement[str]], ScalarSelect[str]]] = {
    Prefix.INCIDENT: _of_incident,
    Prefix.RUNBOOK_EXECUTION: _of_run,
    Prefix.APPROVAL: _of_gate,
    Prefix.WORKFLOW_EXECUTION: _of_workflow_run,
    Prefix.RUNBOOK: _of_runbook,
    Prefix.WORKFLOW: _of_workflow,
    Prefix.TEAM: _of_team,
    Prefix.FREEZE: _of_freeze,
}
