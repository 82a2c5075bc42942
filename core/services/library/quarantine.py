"""Quarantine: stops a definition that has killed its workers, until it is changed or approved again."""

from sqlalchemy.orm import Session

from core.decisions.people import Person
from core.services.library import writing
from core.services.library.kinds import RUNBOOKS, WORKFLOWS, Change, DefinitionKind, Row
from core.statuses import ApprovalStatus
from core.tables import Runbook, RunbookExecution, Workflow, WorkflowExecution
from core.unit_of_work import UnitOfWork

SYSTEM = Person("system", source="worker")


def quarantined(session: Session, execution: RunbookExecution | WorkflowExecution) -> str | None:
    """Return why the version that the execution runs is under quarantine, or None if it is not."""
    definition = _definition(session, execution)
    is_same = version_of(execution) == (definition.id, _blamed(definition))
    return definition.quarantine if is_same else None


def put_under_quarantine(
    work: UnitOfWork, execution: RunbookExecution | WorkflowExecution, reason: str
) -> None:
    """Put the version that the execution runs under quarantine, unless a newer version is in force by now."""
    definition = _definition(work.session, execution)
    work.session.refresh(definition, with_for_update={"of": type(definition)})
    if version_of(execution) != (definition.id, _blamed(definition)) or definition.deleted_at is not None:
        return
    if isinstance(definition, Runbook):
        _stop(work, RUNBOOKS, definition, execution, reason)
    else:
        _stop(work, WORKFLOWS, definition, execution, reason)


def _blamed(definition: Runbook | Workflow) -> int | None:
    """Return the version that would run now: the newest of a runbook, the approved one of a workflow."""
    return definition.version if isinstance(definition, Runbook) else definition.approved_version


def _stop(
    work: UnitOfWork,
    kind: DefinitionKind[Row],
    definition: Row,
    execution: RunbookExecution | WorkflowExecution,
    reason: str,
) -> None:
    """Make the definition a draft again, so that a platform admin decides whether it may run."""
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
    """Return the reason as people may see it. All teams see a global definition, so the execution's id is left out."""
    return reason if definition.team_id is not None else reason.replace(f" ({execution.id})", "")


def _definition(session: Session, execution: RunbookExecution | WorkflowExecution) -> Runbook | Workflow:
    if isinstance(execution, RunbookExecution):
        return session.get_one(Runbook, execution.runbook_id)
    return session.get_one(Workflow, execution.workflow_id)


def version_of(execution: RunbookExecution | WorkflowExecution) -> tuple[str, int]:
    """Return the id and version of the definition that the execution runs."""
    if isinstance(execution, RunbookExecution):
        return execution.runbook_id, execution.runbook_version
    return execution.workflow_id, execution.workflow_version
