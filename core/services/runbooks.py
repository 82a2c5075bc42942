"""The runbook library: written, approved, deprecated, found."""

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.quarantine import UNTIL, why_it_does_not_run
from core.definitions.kept import read_kept
from core.definitions.runbook import RunbookDefinition
from core.errors import Conflict, NotAllowed, NotFound
from core.service import Work
from core.services import library, library_search
from core.services.library import UNSAID, Intent
from core.services.library_search import owner_of
from core.services.shelves import RUNBOOKS, Change
from core.statuses import ApprovalStatus
from core.tables import Incident, JsonObject, Runbook


def apply_runbook(work: Work, person: Person, definition: RunbookDefinition, *, note: str = "") -> Runbook:
    """Make the runbook what the definition says. A change makes a new version, and a draft of it."""
    return library.apply(work, person, RUNBOOKS, definition, Intent(note))


def approve_runbook(
    work: Work, person: Person, runbook: Runbook, *, own_version_allowed: bool, intent: Intent = UNSAID
) -> Runbook:
    """Approve the newest version, so that it may run.

    `own_version_allowed`: for an operator at the terminal, and a workspace with a single admin.
    Raises NotAllowed for anybody but a platform admin, and for who wrote this version; Conflict for a deprecated one,
    and where it was changed since it was read.
    """
    if not person.is_platform_admin:
        raise NotAllowed("Only a platform admin approves definitions.")
    library.lock(work, RUNBOOKS, runbook, intent)
    if runbook.status == ApprovalStatus.APPROVED:
        return runbook
    if runbook.status == ApprovalStatus.DEPRECATED:
        raise Conflict(
            f"{runbook.name} is deprecated.", hint="Change it or roll it back: that makes a draft."
        )
    if runbook.changed_by == person.slack_user_id and not own_version_allowed:
        raise NotAllowed(f"You wrote version {runbook.version} of {runbook.name}: somebody else approves it.")
    before = _approval(runbook)
    runbook.status, runbook.approved_version = ApprovalStatus.APPROVED, runbook.version
    runbook.quarantine = None
    return _decided(work, person, runbook, Change.APPROVED, intent, before)


def deprecate_runbook(work: Work, person: Person, runbook: Runbook, intent: Intent = UNSAID) -> Runbook:
    """Let the approved version run no more. What of it runs already ends as it would.

    Raises NotAllowed for anybody but a platform admin and the admins of its team, Conflict for a draft, and where
    it was changed since it was read.
    """
    library.lock(work, RUNBOOKS, runbook, intent)
    _check_may_deprecate(person, owner_of(runbook))
    if runbook.status == ApprovalStatus.DEPRECATED:
        return runbook
    if runbook.status == ApprovalStatus.DRAFT:
        raise Conflict(f"{runbook.name} is a draft: it does not run anyway.", hint="It can be deleted.")
    before = _approval(runbook)
    runbook.status = ApprovalStatus.DEPRECATED
    return _decided(work, person, runbook, Change.DEPRECATED, intent, before)


def _check_may_deprecate(person: Person, team: str | None) -> None:
    if team is None and not person.is_platform_admin:
        raise NotAllowed("Only a platform admin deprecates what is global.")
    if team is not None and not person.is_admin_of(team):
        raise NotAllowed(f"Only a platform admin or an admin of team {team} deprecates its runbooks.")


def _approval(runbook: Runbook) -> JsonObject:
    return {"status": runbook.status, "approved_version": runbook.approved_version}


def _decided(
    work: Work, person: Person, runbook: Runbook, done: Change, intent: Intent, before: JsonObject
) -> Runbook:
    details = {
        "version": runbook.version,
        "note": intent.note,
        "before": before,
        "after": _approval(runbook),
    }
    library.keep(work, person, RUNBOOKS, runbook, done, intent.note, details)
    return runbook


def find_runbook(work: Work, person: Person, reference: str) -> Runbook:
    """By id or name. NotFound, with the nearest names, also for what other teams own."""
    return library_search.find(work, person, RUNBOOKS, reference)


def runbook_named(work: Work, name: str) -> Runbook:
    """For the system, which sees all. Raises NotFound."""
    runbook = _named(work, name)
    if runbook is None:
        raise NotFound(f"There is no runbook {name}.")
    return runbook


def _named(work: Work, name: str) -> Runbook | None:
    return work.session.scalar(select(Runbook).where(Runbook.name == name, Runbook.deleted_at.is_(None)))


def runbook_for(work: Work, name: str, incident: Incident) -> Runbook:
    """For a workflow. Raises NotFound, alike where there is none of that name and where it is another team's."""
    runbook = _named(work, name)
    if runbook is None or runbook.team_id not in (None, incident.team_id):
        team = incident.team.name
        raise NotFound(
            f"There is no runbook {name} for incidents of team {team}.",
            hint="It must be global, or that team's.",
        )
    return runbook


def list_runbooks(work: Work, person: Person) -> list[Runbook]:
    """The runbooks that a person may see, by name."""
    query = select(Runbook).where(Runbook.deleted_at.is_(None)).order_by(Runbook.name)
    return [runbook for runbook in work.session.scalars(query) if person.may_see(owner_of(runbook))]


def definition_of(runbook: Runbook) -> RunbookDefinition:
    """The newest version. Raises NotValidAnyMore, a Conflict."""
    return read_kept(RunbookDefinition, runbook.name, runbook.version, runbook.definition)


def check_runnable(runbook: Runbook, *, version: int | None = None) -> None:
    """Raise Conflict unless the newest version of the runbook is approved, and is `version` if one is given."""
    if runbook.deleted_at is not None:
        raise Conflict(f"{runbook.name} was deleted.")
    if runbook.quarantine is not None:
        raise Conflict(why_it_does_not_run(runbook.name, runbook.quarantine), hint=UNTIL)
    if runbook.status != ApprovalStatus.APPROVED:
        raise Conflict(
            f"{runbook.name} is {runbook.status}: only an approved version runs.",
            hint="A platform admin approves it.",
        )
    if version is not None and runbook.version != version:
        raise Conflict(f"{runbook.name} was changed after version {version} was asked for. Run it again.")
