"""An incident and its events as expressions see them: `incident.severity`, `event.to`."""

from core.tables import Incident, IncidentEvent


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
