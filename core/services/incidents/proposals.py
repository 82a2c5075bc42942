"""The runbooks that an incident's card proposes: those that are made for its service and labels."""

from sqlalchemy import or_, select

from core.decisions.policy import reaches
from core.definitions.made_for import Traits, is_made_for
from core.statuses import ApprovalStatus
from core.tables import Incident, Runbook, Team
from core.unit_of_work import UnitOfWork
from core.views.incidents import ProposalView

MOST_CONSIDERED = 1_000


def proposals_for(work: UnitOfWork, incident: Incident, most: int) -> list[ProposalView]:
    """Return the approved runbooks, of the incident's team or global, that are made for the incident; by name.

    Whoever sees the card may not have the right to run them: that is checked when they are started.
    """
    traits, team = Traits(incident.service, incident.labels), incident.team.name
    query = (
        select(
            Runbook.id,
            Runbook.name,
            Team.name.label("team"),
            Runbook.definition["description"].astext.label("description"),
            Runbook.definition["for"].label("made_for"),
        )
        .outerjoin(Team, Team.id == Runbook.team_id)
        .where(Runbook.deleted_at.is_(None), Runbook.quarantine.is_(None))
        .where(Runbook.status == ApprovalStatus.APPROVED, Runbook.definition["for"].is_not(None))
        .where(or_(Runbook.team_id.is_(None), Runbook.team_id == incident.team_id))
        .order_by(Runbook.name)
        .limit(MOST_CONSIDERED)
    )
    found = [row for row in work.session.execute(query) if is_made_for(row.made_for, traits)]
    proposed = [row for row in found if reaches(row.team, team)][:most]
    return [
        ProposalView(runbook_id=row.id, name=row.name, description=row.description or "") for row in proposed
    ]
