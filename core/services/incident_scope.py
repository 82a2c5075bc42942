"""An incident as expressions see it: `incident.severity`, `incident.labels.pager`."""

from core.tables import Incident


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
