"""What was done to a definition, and what it said then: listed, compared, and gone back to."""

from sqlalchemy import select

from core.decisions.people import Person
from core.definitions.differences import Labelled, difference
from core.errors import Conflict, NotFound
from core.library_views import RunbookWithDiff, VersionView, WorkflowWithDiff
from core.service import Work
from core.services.library import UNSAID, Intent, lock, write
from core.services.library_search import owner_of
from core.services.ownership import check_may_write
from core.services.reading import view_runbook, view_workflow
from core.services.restoring import still_valid
from core.services.shelves import RUNBOOKS, WORKFLOWS, Change, Row, Shelf
from core.statuses import ApprovalStatus
from core.tables import JsonObject, Runbook, RunbookVersion, Workflow, WorkflowVersion

AnyVersion = RunbookVersion | WorkflowVersion


def list_history(
    work: Work, shelf: Shelf[Row], row: Row, *, size: int, before: int | None = None
) -> list[AnyVersion]:
    """At most `size` lines of the history, newest first; those before the line with the id `before`."""
    table = shelf.version
    query = select(table).where(table.owner_id == row.id).order_by(table.id.desc()).limit(size)
    if before is not None:
        query = query.where(table.id < before)
    return list(work.session.scalars(query))


def view_line(line: AnyVersion) -> VersionView:
    return VersionView.model_validate(line, from_attributes=True)


def roll_back(
    work: Work, person: Person, shelf: Shelf[Row], row: Row, version: int, intent: Intent = UNSAID
) -> Row:
    """Write what an earlier version said as a new version.

    Raises NotAllowed as for any change, what `lock` raises, NotFound for a version that never was, Conflict where
    nothing would change or where the old definition is not valid any more.
    """
    lock(work, shelf, row, intent)
    check_may_write(person, owner_of(row))
    definition = still_valid(row.name, version, shelf.content_of(_said(work, shelf, row, version)))
    check_may_write(person, definition.team)
    is_same = shelf.content_of(definition.document()) == shelf.content_of(row.definition)
    if is_same and shelf.status_of(row) != ApprovalStatus.DEPRECATED:
        raise Conflict(f"{row.name} says already what version {version} said.")
    note = intent.note or f"Back to version {version}."
    return write(work, person, shelf, row, definition, Change.ROLLED_BACK, note)


def _said(work: Work, shelf: Shelf[Row], row: Row, version: int) -> JsonObject:
    """The definition of a version. Every line of it has the same one."""
    table = shelf.version
    query = select(table.definition).where(table.owner_id == row.id, table.version == version).limit(1)
    found = work.session.scalar(query)
    if found is None:
        raise NotFound(f"{row.name} has no version {version}.", hint=f"Its newest one is {row.version}.")
    return found


def view_with_diff(work: Work, runbook: Runbook) -> RunbookWithDiff:
    return RunbookWithDiff(**dict(view_runbook(runbook)), diff=diff_to_approved(work, runbook))


def diff_to_approved(work: Work, runbook: Runbook) -> str | None:
    """What the newest version changes in the approved one, as a unified diff of YAML.

    None where nothing was approved yet; empty where both say the same.
    """
    if runbook.approved_version is None:
        return None
    if runbook.approved_version == runbook.version:
        return ""
    approved = _said(work, RUNBOOKS, runbook, runbook.approved_version)
    before = Labelled(f"{runbook.name} v{runbook.approved_version} (approved)", approved)
    after = Labelled(f"{runbook.name} v{runbook.version} ({runbook.status})", runbook.definition)
    return difference(before, after)


def view_workflow_with_diff(work: Work, workflow: Workflow) -> WorkflowWithDiff:
    """Compared with the version that was enabled last: what an enabled workflow says is in force as it stands."""
    version = _enabled_version(work, workflow)
    diff = _diff_to_enabled(work, workflow, version)
    return WorkflowWithDiff(**dict(view_workflow(workflow)), enabled_version=version, diff=diff)


def _enabled_version(work: Work, workflow: Workflow) -> int | None:
    query = select(WorkflowVersion.version).where(
        WorkflowVersion.owner_id == workflow.id, WorkflowVersion.status == Change.ENABLED
    )
    return work.session.scalar(query.order_by(WorkflowVersion.id.desc()).limit(1))


def _diff_to_enabled(work: Work, workflow: Workflow, version: int | None) -> str | None:
    """Whether it is enabled is no part of what is compared."""
    if version is None:
        return None
    content_of = WORKFLOWS.content_of
    enabled = content_of(_said(work, WORKFLOWS, workflow, version))
    before = Labelled(f"{workflow.name} v{version} (enabled)", enabled)
    now = f"{workflow.name} v{workflow.version} ({WORKFLOWS.status_of(workflow)})"
    return difference(before, Labelled(now, content_of(workflow.definition)))
