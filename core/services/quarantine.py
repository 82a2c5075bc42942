"""Quarantine: a definition that killed its workers runs no more, until somebody changes it or lets it run again."""

from sqlalchemy.orm import Session

from core.decisions.people import Person
from core.definitions.enabling import with_enabled
from core.service import Work
from core.services import library
from core.services.shelves import RUNBOOKS, WORKFLOWS, Change, Row, Shelf
from core.statuses import ApprovalStatus
from core.tables import Runbook, RunbookExecution, Workflow, WorkflowExecution

SYSTEM = Person("system", source="worker")


def quarantined(session: Session, execution: RunbookExecution | WorkflowExecution) -> str | None:
    """Why the version that the execution runs is under quarantine; None if it is not."""
    definition = _definition(session, execution)
    is_same = version_of(execution) == (definition.id, definition.version)
    return definition.quarantine if is_same else None


def put_under_quarantine(work: Work, execution: RunbookExecution | WorkflowExecution, reason: str) -> None:
    """The version that the execution runs, if it is still the newest: what came after it is not to blame."""
    definition = _definition(work.session, execution)
    work.session.refresh(definition, with_for_update={"of": type(definition)})
    if version_of(execution) != (definition.id, definition.version) or definition.deleted_at is not None:
        return
    if isinstance(definition, Runbook):
        before = RUNBOOKS.status_of(definition)
        definition.status, definition.quarantine = ApprovalStatus.DRAFT, _shown(definition, execution, reason)
        _keep(work, RUNBOOKS, definition, before, execution.id)
    else:
        before = WORKFLOWS.status_of(definition)
        WORKFLOWS.settle(definition, with_enabled(definition.definition, enabled=False), work.now)
        definition.quarantine = _shown(definition, execution, reason)
        _keep(work, WORKFLOWS, definition, before, execution.id)


def _shown(
    definition: Runbook | Workflow, execution: RunbookExecution | WorkflowExecution, reason: str
) -> str:
    """All teams read what is said of a global definition: whose run it was stands in the audit trail alone."""
    return reason if definition.team_id is not None else reason.replace(f" ({execution.id})", "")


def _keep(work: Work, shelf: Shelf[Row], definition: Row, before: str, execution_id: str) -> None:
    reason = definition.quarantine or ""
    why = {"version": definition.version, "execution": execution_id, "reason": reason}
    change = {"before": {"status": before}, "after": {"status": shelf.status_of(definition)}}
    library.keep(work, SYSTEM, shelf, definition, Change.QUARANTINED, reason, {**why, **change})


def _definition(session: Session, execution: RunbookExecution | WorkflowExecution) -> Runbook | Workflow:
    if isinstance(execution, RunbookExecution):
        return session.get_one(Runbook, execution.runbook_id)
    return session.get_one(Workflow, execution.workflow_id)


def version_of(execution: RunbookExecution | WorkflowExecution) -> tuple[str, int]:
    """The id of the definition that the execution runs, and its version."""
    if isinstance(execution, RunbookExecution):
        return execution.runbook_id, execution.runbook_version
    return execution.workflow_id, execution.workflow_version
