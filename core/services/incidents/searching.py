"""The incidents for which a person may run runbooks, to choose one of them."""

from sqlalchemy import String, cast, or_, select

from core.decisions.people import Person
from core.decisions.policy import visible_teams
from core.decisions.policy_table import Action
from core.statuses import IncidentStatus
from core.tables import Incident, Team
from core.unit_of_work import UnitOfWork


def incidents_to_run_for(work: UnitOfWork, person: Person, typed: str, *, most: int) -> list[Incident]:
    """Return incidents that are not closed, newest first. `typed`: a part of the title, or a number (`inc-12`)."""
    query = select(Incident).join(Team).where(Incident.status != IncidentStatus.CLOSED)
    teams = visible_teams(person, Action.RUNBOOK_RUN)
    if teams is not None:
        query = query.where(Team.name.in_(sorted(teams)))
    for word in typed.split():
        number = word.lower().removeprefix("#").removeprefix("inc-")
        is_number = cast(Incident.number, String).startswith(number, autoescape=True)
        query = query.where(or_(Incident.title.icontains(word, autoescape=True), is_number))
    return list(work.session.scalars(query.order_by(Incident.number.desc()).limit(most)))
