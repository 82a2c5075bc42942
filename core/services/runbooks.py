"""The runbook library: written, approved, found."""

from difflib import get_close_matches

from sqlalchemy import or_, select

from core.decisions.people import Person
from core.definitions.runbook import RunbookDefinition
from core.errors import Conflict, NotAllowed, NotFound
from core.identifiers import Prefix, new_id
from core.service import Work
from core.services import audit
from core.services.ownership import check_may_write, owning_team
from core.statuses import ApprovalStatus
from core.tables import JsonObject, Runbook, RunbookVersion


def apply_runbook(work: Work, person: Person, definition: RunbookDefinition, *, note: str = "") -> Runbook:
    """Make the runbook what the definition says. A change makes a new version, and a draft of it."""
    check_may_write(person, definition.team)
    document = definition.model_dump(mode="json", exclude_unset=True)
    team = owning_team(work, definition.team)
    runbook = work.session.scalar(
        select(Runbook)
        .where(Runbook.name == definition.name, Runbook.deleted_at.is_(None))
        .with_for_update(of=Runbook)
    )
    if runbook is None:
        runbook = Runbook(id=new_id(Prefix.RUNBOOK), name=definition.name, version=0, created_at=work.now)
        work.session.add(runbook)
    elif runbook.definition == document:
        return runbook
    else:
        check_may_write(person, runbook.team.name if runbook.team else None)
    before: JsonObject = {"version": runbook.version, "definition": runbook.definition}
    runbook.team, runbook.definition = team, document
    runbook.version, runbook.status = runbook.version + 1, ApprovalStatus.DRAFT
    runbook.changed_by, runbook.updated_at = person.slack_user_id, work.now
    work.session.flush()
    _keep_runbook_version(work, runbook, note)
    after = {"version": runbook.version, "definition": document}
    audit.record(work, person, "runbook.changed", runbook.id, {"before": before, "after": after})
    return runbook


def _keep_runbook_version(work: Work, runbook: Runbook, note: str) -> None:
    work.session.add(
        RunbookVersion(
            runbook_id=runbook.id,
            version=runbook.version,
            status=runbook.status,
            definition=runbook.definition,
            changed_by=runbook.changed_by,
            note=note,
            created_at=work.now,
        )
    )


def approve_runbook(work: Work, person: Person, runbook: Runbook, *, own_version_allowed: bool) -> Runbook:
    """Approve the newest version, so that it may run.

    `own_version_allowed`: for an operator at the terminal, and a workspace with a single admin.
    Raises NotAllowed for anybody but a platform admin, and for who wrote this version; Conflict where it was
    changed since it was read.
    """
    if not person.is_platform_admin:
        raise NotAllowed("Only a platform admin approves definitions.")
    read = runbook.version
    work.session.refresh(runbook, with_for_update={"of": Runbook})
    if runbook.version != read:
        raise Conflict(f"{runbook.name} was changed just now. Read version {runbook.version} first.")
    if runbook.status == ApprovalStatus.APPROVED:
        return runbook
    if runbook.changed_by == person.slack_user_id and not own_version_allowed:
        raise NotAllowed(f"You wrote version {runbook.version} of {runbook.name}: somebody else approves it.")
    before = {"status": runbook.status, "approved_version": runbook.approved_version}
    runbook.status, runbook.approved_version = ApprovalStatus.APPROVED, runbook.version
    after = {"status": runbook.status, "approved_version": runbook.approved_version}
    details = {"version": runbook.version, "before": before, "after": after}
    audit.record(work, person, "runbook.approved", runbook.id, details)
    return runbook


def find_runbook(work: Work, person: Person, reference: str) -> Runbook:
    """By id or name. NotFound, with the nearest names, also for what other teams own."""
    query = select(Runbook).where(
        or_(Runbook.id == reference, Runbook.name == reference), Runbook.deleted_at.is_(None)
    )
    runbook = work.session.scalar(query)
    if runbook is not None and person.may_see(runbook.team.name if runbook.team else None):
        return runbook
    names = [known.name for known in list_runbooks(work, person)]
    near = get_close_matches(reference, names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`list` shows what there is."
    raise NotFound(f"There is no runbook {reference}.", hint=hint)


def runbook_named(work: Work, name: str) -> Runbook:
    """For the system, which sees all. Raises NotFound."""
    runbook = work.session.scalar(select(Runbook).where(Runbook.name == name, Runbook.deleted_at.is_(None)))
    if runbook is None:
        raise NotFound(f"There is no runbook {name}.")
    return runbook


def list_runbooks(work: Work, person: Person) -> list[Runbook]:
    """The runbooks that a person may see, by name."""
    query = select(Runbook).where(Runbook.deleted_at.is_(None)).order_by(Runbook.name)
    found = work.session.scalars(query)
    return [runbook for runbook in found if person.may_see(runbook.team.name if runbook.team else None)]


def check_runnable(runbook: Runbook, *, version: int | None = None) -> None:
    """Raise Conflict unless the newest version of the runbook is approved, and is `version` if one is given."""
    if runbook.deleted_at is not None:
        raise Conflict(f"{runbook.name} was deleted.")
    if runbook.status != ApprovalStatus.APPROVED:
        raise Conflict(
            f"{runbook.name} is {runbook.status}: only an approved version runs.",
            hint="A platform admin approves it.",
        )
    if version is not None and runbook.version != version:
        raise Conflict(f"{runbook.name} was changed after version {version} was asked for. Run it again.")
