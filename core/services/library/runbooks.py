"""Runbooks in the library: apply, find and list them, and check whether they may run."""

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.quarantine import UNTIL, why_it_does_not_run
from core.definitions.runbook import RunbookDefinition
from core.definitions.stored import read_stored
from core.errors import NotFound, NotRunnable, Superseded
from core.services.library import finding, writing
from core.services.library.finding import owner_of
from core.services.library.kinds import RUNBOOKS
from core.services.library.writing import Intent
from core.statuses import ApprovalStatus
from core.tables import Incident, Runbook
from core.unit_of_work import UnitOfWork


def apply_runbook(
    work: UnitOfWork, person: Person, definition: RunbookDefinition, *, note: str = ""
) -> Runbook:
    """Create or update the runbook of this name. A change creates a new version, which is a draft."""
    return writing.apply(work, person, RUNBOOKS, definition, Intent(note))


def find_runbook(work: UnitOfWork, person: Person, reference: str) -> Runbook:
    """Find a runbook by id or name. Raises NotFound with similar names, also if the person may not see it."""
    return finding.find(work, person, RUNBOOKS, reference)


def runbook_named(work: UnitOfWork, name: str) -> Runbook:
    """Return the runbook of this name, without a permission check. Raises NotFound."""
    runbook = _named(work, name)
    if runbook is None:
        raise NotFound(f"There is no runbook {name}.")
    return runbook


def _named(work: UnitOfWork, name: str) -> Runbook | None:
    return work.session.scalar(select(Runbook).where(Runbook.name == name, Runbook.deleted_at.is_(None)))


def runbook_for(work: UnitOfWork, name: str, incident: Incident) -> Runbook:
    """Return the runbook for a workflow's incident. Raises NotFound, also if it belongs to another team."""
    runbook = _named(work, name)
    if runbook is None or runbook.team_id not in (None, incident.team_id):
        team = incident.team.name
        raise NotFound(
            f"There is no runbook {name} for incidents of team {team}.",
            hint="It must be global or owned by that team.",
        )
    return runbook


def list_runbooks(work: UnitOfWork, person: Person) -> list[Runbook]:
    """Return the runbooks that the person may see, sorted by name."""
    query = select(Runbook).where(Runbook.deleted_at.is_(None)).order_by(Runbook.name)
    return [runbook for runbook in work.session.scalars(query) if person.may_see(owner_of(runbook))]


def definition_of(runbook: Runbook) -> RunbookDefinition:
    """Return the newest version. Raises StoredDefinitionInvalid, a Conflict."""
    return read_stored(RunbookDefinition, runbook.name, runbook.version, runbook.definition)


def check_runnable(runbook: Runbook, *, version: int | None = None) -> None:
    """Raise Conflict unless the newest version of the runbook is approved and, if `version` is given, equals it."""
    if runbook.deleted_at is not None:
        raise NotRunnable(f"{runbook.name} was deleted.")
    if runbook.quarantine is not None:
        raise NotRunnable(why_it_does_not_run(runbook.name, runbook.quarantine), hint=UNTIL)
    if runbook.status != ApprovalStatus.APPROVED:
        raise NotRunnable(
            f"{runbook.name} is {runbook.status}: only an approved version runs.",
            hint="Ask a platform admin to approve it.",
        )
    if version is not None and runbook.version != version:
        raise Superseded(f"{runbook.name} was changed after version {version} was requested. Run it again.")
