"""The history of definitions: list versions, compare them, and roll back to one."""

from sqlalchemy import select

from core.decisions.people import Person
from core.definitions.validate import still_valid
from core.definitions.yaml_format import Labelled, difference, written_new
from core.errors import AlreadyDone, NotFound
from core.services.library.finding import check_may_write, owner_of
from core.services.library.kinds import RUNBOOKS, WORKFLOWS, Change, DefinitionKind, Row
from core.services.library.writing import UNSAID, Intent, lock, write
from core.services.views.reading import view_runbook, view_workflow
from core.statuses import ApprovalStatus
from core.tables import JsonObject, Runbook, RunbookVersion, Workflow, WorkflowVersion
from core.unit_of_work import UnitOfWork
from core.views.library import RunbookWithDiff, VersionView, WorkflowWithDiff

AnyVersion = RunbookVersion | WorkflowVersion


def list_history(
    work: UnitOfWork, kind: DefinitionKind[Row], row: Row, *, size: int, before: int | None = None
) -> list[AnyVersion]:
    """Return at most `size` lines of the history, newest first. `before`: the id of a line; only older ones follow."""
    table = kind.version
    query = select(table).where(table.owner_id == row.id).order_by(table.id.desc()).limit(size)
    if before is not None:
        query = query.where(table.id < before)
    return list(work.session.scalars(query))


def view_line(line: AnyVersion) -> VersionView:
    return VersionView.model_validate(line, from_attributes=True)


def roll_back(
    work: UnitOfWork,
    person: Person,
    kind: DefinitionKind[Row],
    row: Row,
    version: int,
    intent: Intent = UNSAID,
) -> Row:
    """Write the content of an earlier version as a new version, a draft.

    Raises NotAllowed as for any change, what `lock` raises, NotFound if there is no such version, and Conflict if
    nothing would change or the old definition is no longer valid.
    """
    lock(work, kind, row, intent)
    check_may_write(person, owner_of(row))
    definition = still_valid(row.name, version, kind.content_of(_said(work, kind, row, version)))
    check_may_write(person, definition.team)
    is_same = kind.content_of(definition.document()) == kind.content_of(row.definition)
    if is_same and row.status != ApprovalStatus.DEPRECATED:
        raise AlreadyDone(f"{row.name} already has the content of version {version}.")
    note = intent.note or f"Rolled back to version {version}."
    return write(work, person, kind, row, definition, Change.ROLLED_BACK, note)


def difference_between(work: UnitOfWork, kind: DefinitionKind[Row], row: Row, before: int, after: int) -> str:
    """Return what one version changed against another, as a unified diff of YAML. Raises NotFound."""
    old, new = (kind.content_of(_said(work, kind, row, version)) for version in (before, after))
    return difference(Labelled(f"{row.name} v{before}", old), Labelled(f"{row.name} v{after}", new))


def _said(work: UnitOfWork, kind: DefinitionKind[Row], row: Row, version: int) -> JsonObject:
    """Return the definition of a version. All history lines of a version have the same one. Raises NotFound."""
    table = kind.version
    query = select(table.definition).where(table.owner_id == row.id, table.version == version).limit(1)
    found = work.session.scalar(query)
    if found is None:
        raise NotFound(f"{row.name} has no version {version}.", hint=f"Its newest version is {row.version}.")
    return found


def view_with_diff(work: UnitOfWork, row: Runbook | Workflow) -> RunbookWithDiff | WorkflowWithDiff:
    """Return the definition's view with the diff from the approved to the newest version."""
    return (
        view_runbook_with_diff(work, row) if isinstance(row, Runbook) else view_workflow_with_diff(work, row)
    )


def view_runbook_with_diff(work: UnitOfWork, runbook: Runbook) -> RunbookWithDiff:
    return RunbookWithDiff(**dict(view_runbook(runbook)), diff=diff_to_approved(work, RUNBOOKS, runbook))


def view_workflow_with_diff(work: UnitOfWork, workflow: Workflow) -> WorkflowWithDiff:
    return WorkflowWithDiff(**dict(view_workflow(workflow)), diff=diff_to_approved(work, WORKFLOWS, workflow))


def diff_to_read(work: UnitOfWork, kind: DefinitionKind[Row], row: Row) -> str:
    """Return what an approver reads: the diff to the approved version, or the whole definition if there is none."""
    diff = diff_to_approved(work, kind, row)
    if diff is not None:
        return diff
    return written_new(Labelled(f"{row.name} v{row.version} ({row.status})", kind.content_of(row.definition)))


def diff_to_approved(work: UnitOfWork, kind: DefinitionKind[Row], row: Row) -> str | None:
    """Return the changes from the approved to the newest version, as a unified diff of YAML.

    None if no version was approved yet; empty if they are the same. A workflow's `enabled` is not part of it.
    """
    if row.approved_version is None:
        return None
    if row.approved_version == row.version:
        return ""
    approved = kind.content_of(_said(work, kind, row, row.approved_version))
    before = Labelled(f"{row.name} v{row.approved_version} (approved)", approved)
    after = Labelled(f"{row.name} v{row.version} ({row.status})", kind.content_of(row.definition))
    return difference(before, after)
