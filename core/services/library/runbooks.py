"""The runbook library: written, found, and whether it may run."""

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.quarantine import UNTIL, why_it_does_not_run
from core.definitions.kinds import read_stored
from core.definitions.runbook import RunbookDefinition
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
    """Make the runbook what the definition says. A change makes a new version, and a draft of it."""
    return writing.apply(work, person, RUNBOOKS, definition, Intent(note))


def find_runbook(work: UnitOfWork, person: Person, reference: str) -> Runbook:
    """By id or name. NotFound, with the nearest names, also for what other teams own."""
    return finding.find(work, person, RUNBOOKS, reference)


def runbook_named(work: UnitOfWork, name: str) -> Runbook:
    """For the system, which sees all. Raises NotFound."""
    runbook = _named(work, name)
    if runbook is None:
        raise NotFound(f"There is no runbook {name}.")
    return runbook


def _named(work: UnitOfWork, name: str) -> Runbook | None:
    return work.session.scalar(select(Runbook).where(Runbook.name == name, Runbook.deleted_at.is_(None)))


def runbook_for(work: UnitOfWork, name: str, incident: Incident) -> Runbook:
    """For a workflow. Raises NotFound, alike where there is none of that name and where it is another team's."""
    runbook = _named(work, name)
    if runbook is None or runbook.team_id not in (None, incident.team_id):
        team = incident.team.name
        raise NotFound(
            f"There is no runbook {name} for incidents of team {team}.",
            hint="It must be global, or that team's.",
        )
    return runbook


def list_runbooks(work: UnitOfWork, person: Person) -> list[Runbook]:
    """The runbooks that a person may see, by name."""
    query = select(Runbook).where(Runbook.deleted_at.is_(None)).order_by(Runbook.name)
    return [runbook for runbook in work.session.scalars(query) if person.may_see(owner_of(runbook))]


def definition_of(runbook: Runbook) -> RunbookDefinition:
    """The newest version. Raises StoredDefinitionInvalid, a Conflict."""
    return read_stored(RunbookDefinition, runbook.name, runbook.version, runbook.definition)


def check_runnable(runbook: Runbook, *, version: int | None = None) -> None:
    """Raise Conflict unless the newest version of the runbook is approved, and is `version` if one is given."""
    if runbook.deleted_at is not None:
        raise NotRunnable(f"{runbook.name} was deleted.")
    if runbook.quarantine is not None:
        raise NotRunnable(why_it_does_not_run(runbook.name, runbook.quarantine), hint=UNTIL)
    if runbook.status != ApprovalStatus.APPROVED:
        raise NotRunnable(
            f"{runbook.name} is {runbook.status}: only an approved version runs.",
            hint="A platform admin approves it.",
        )
    if version is not None and runbook.version != version:
        raise Superseded(f"{runbook.name} was changed after version {version} was asked for. Run it again.")
