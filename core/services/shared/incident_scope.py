"""An incident, and an event of it, as expressions see them: `incident.severity`, `event.to`."""

from core.tables import Incident, IncidentEvent


def incident_scope(incident: Incident) -> dict[str, object]:
    """Plain JSON values only. `url` is the incident's API path."""
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
    """What the event tells, with who did it: core.definitions.workflow declares it for each trigger."""
    return {"id": event.id, "by": event.actor, **event.details}
