"""An incident and its events as expressions see them: `incident.severity`, `event.to`."""

from core.tables import Incident, IncidentEvent, RunbookExecution
from core.unit_of_work import UnitOfWork


def incident_scope(incident: Incident) -> dict[str, object]:
    """Return the incident as plain JSON values. `url` is its API path."""
    return {
        "id": incident.id,
        "number": incident.number,
        "title": incident.title,
        "description": incident.description,
        "severity": incident.severity,
        "service": incident.service or "",
        "team": incident.team.name,
        "labels": dict(incident.labels),
        "status": incident.status,
        "url": f"/api/incidents/{incident.id}",
        "created_at": incident.created_at.isoformat(),
    }


def event_scope(event: IncidentEvent) -> dict[str, object]:
    """Return the event's details and who caused it. core.definitions.workflow declares the members of each trigger."""
    return {"id": event.id, "by": event.actor, **event.details}


def team_of(work: UnitOfWork, row: RunbookExecution) -> str:
    """Return the name of the team that owns the run's incident."""
    return work.session.get_one(Incident, row.incident_id).team.name
