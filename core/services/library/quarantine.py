"""Quarantine: a definition that killed its workers runs no more, until somebody changes it or lets it run again."""

from sqlalchemy.orm import Session

from core.decisions.people import Person
from core.services.library import writing
from core.services.library.kinds import RUNBOOKS, WORKFLOWS, Change, DefinitionKind, Row
from core.statuses import ApprovalStatus
from core.tables import Runbook, RunbookExecution, Workflow, WorkflowExecution
from core.unit_of_work import UnitOfWork

SYSTEM = Person("system", source="worker")


def quarantined(session: Session, execution: RunbookExecution | WorkflowExecution) -> str | None:
    """Why the version that the execution runs is under quarantine; None if it is not."""
    definition = _definition(session, execution)
    is_same = version_of(execution) == (definition.id, _blamed(definition))
    return definition.quarantine if is_same else None


def put_under_quarantine(
    work: UnitOfWork, execution: RunbookExecution | WorkflowExecution, reason: str
) -> None:
    """The version that the execution runs, if it is the one that would run: what came after it is not to blame."""
    definition = _definition(work.session, execution)
    work.session.refresh(definition, with_for_update={"of": type(definition)})
    if version_of(execution) != (definition.id, _blamed(definition)) or definition.deleted_at is not None:
        return
    if isinstance(definition, Runbook):
        _stop(work, RUNBOOKS, definition, execution, reason)
    else:
        _stop(work, WORKFLOWS, definition, execution, reason)


def _blamed(definition: Runbook | Workflow) -> int | None:
    """The version that would run: of a workflow the approved one, whatever was written since."""
    return definition.version if isinstance(definition, Runbook) else definition.approved_version


def _stop(
    work: UnitOfWork,
    kind: DefinitionKind[Row],
    definition: Row,
    execution: RunbookExecution | WorkflowExecution,
    reason: str,
) -> None:
    """A draft again: a platform admin decides whether it may run."""
    _, version = version_of(execution)
    before = definition.status
    shown = _shown(definition, execution, reason)
    definition.status, definition.quarantine = ApprovalStatus.DRAFT, shown
    kind.stop(definition)
    details = {
        "version": version,
        "execution": execution.id,
        "reason": shown,
        "before": {"status": before},
        "after": {"status": definition.status},
    }
    about = version, kind.content_of(execution.definition)
    writing.keep(work, SYSTEM, kind, definition, Change.QUARANTINED, shown, details, about=about)


def _shown(
    definition: Runbook | Workflow, execution: RunbookExecution | WorkflowExecution, reason: str
) -> str:
    """All teams read what is said of a global definition: whose run it was stands in the audit trail alone."""
    return reason if definition.team_id is not None else reason.replace(f" ({execution.id})", "")


def _definition(session: Session, execution: RunbookExecution | WorkflowExecution) -> Runbook | Workflow:
    if isinstance(execution, RunbookExecution):
        return session.get_one(Runbook, execution.runbook_id)
    return session.get_one(Workflow, execution.workflow_id)


def version_of(execution: RunbookExecution | WorkflowExecution) -> tuple[str, int]:
    """The id of the definition that the execution runs, and its version."""
    if isinstance(execution, RunbookExecution):
        return execution.runbook_id, execution.runbook_version
    return execution.workflow_id, execution.workflow_version
