"""The runbooks that a person may run for an incident, in the order in which they are offered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Row, Select, func, or_, select

from core.decisions.people import Person
from core.decisions.policy import allows, reaches
from core.decisions.team_scope import starting
from core.definitions.made_for import Traits, is_made_for
from core.statuses import ApprovalStatus
from core.tables import Incident, Runbook, RunbookExecution, Team
from core.unit_of_work import UnitOfWork

NEVER = datetime.min.replace(tzinfo=UTC)
MOST_CONSIDERED = 5_000  # runbooks; only their names and descriptions are read


@dataclass(frozen=True, slots=True)
class Runnable:
    """A runbook that may be run. `fits`: it is made for this incident. `last_used`: when it was last run, if ever."""

    id: str
    name: str
    version: int
    team: str | None
    description: str
    fits: bool
    last_used: datetime | None


def may_run_for(person: Person, incident: Incident) -> bool:
    """Return whether the person may run anything for this incident."""
    return allows(person, starting(person), incident.team.name)


def runnable_for(work: UnitOfWork, person: Person, incident: Incident) -> list[Runnable]:
    """Return the runbooks that this person could run for the incident now: those made for it, then the last used.

    Definitions are not read as a whole, so that a large library costs little. Empty for a person without the right.
    """
    if not may_run_for(person, incident):
        return []
    traits, team = Traits(incident.service, incident.labels), incident.team.name
    rows = work.session.execute(_candidates(incident))
    return in_order(_runnable(row, traits) for row in rows if reaches(row.team, team))


def in_order(found: Iterable[Runnable]) -> list[Runnable]:
    """Sort: those made for the incident, then the last used, then by name."""
    by_name = sorted(found, key=lambda each: each.name)
    lately = sorted(by_name, key=lambda each: each.last_used or NEVER, reverse=True)
    return sorted(lately, key=lambda each: not each.fits)


def matching(found: Sequence[Runnable], typed: str) -> list[Runnable]:
    """Return those with all the typed words in their name, team or description. Names that begin with them go first."""
    words = typed.casefold().split()
    hits = [each for each in found if all(word in _searched(each) for word in words)]
    start = "-".join(words)
    return sorted(hits, key=lambda each: not each.name.startswith(start)) if words else hits


def _searched(runbook: Runnable) -> str:
    name, team = runbook.name, runbook.team or "global"
    return f"{name} {name.replace('-', ' ')} {team} {runbook.description}".casefold()


def _candidates(incident: Incident) -> Select[tuple[str, str, int, str | None, str | None, object, datetime]]:
    """Select the approved runbooks of the incident's team and the global ones. An index gives the last run of each."""
    last_used = (
        select(func.max(RunbookExecution.created_at))
        .where(RunbookExecution.runbook_id == Runbook.id)
        .scalar_subquery()
    )
    return (
        select(
            Runbook.id,
            Runbook.name,
            Runbook.version,
            Team.name.label("team"),
            Runbook.definition["description"].as_string().label("description"),
            Runbook.definition["for"].label("made_for"),
            last_used.label("last_used"),
        )
        .outerjoin(Team, Team.id == Runbook.team_id)
        .where(Runbook.deleted_at.is_(None), Runbook.quarantine.is_(None))
        .where(Runbook.status == ApprovalStatus.APPROVED)
        .where(or_(Runbook.team_id.is_(None), Runbook.team_id == incident.team_id))
        .order_by(Runbook.name)
        .limit(MOST_CONSIDERED)
    )


def _runnable(
    row: Row[tuple[str, str, int, str | None, str | None, object, datetime]], traits: Traits
) -> Runnable:
    description = " ".join((row.description or "").split())
    fits = is_made_for(row.made_for, traits)
    return Runnable(row.id, row.name, row.version, row.team, description, fits, row.last_used)
