"""What happens to incidents: a line of the timeline each, which may start workflows."""

from core.decisions.initiators import Initiators, initiators_to_json
from core.identifiers import Prefix, new_id
from core.service import Work
from core.services.workflow_starts import start_matching_workflows
from core.tables import Incident, IncidentEvent, JsonObject


def happened(
    work: Work,
    incident: Incident,
    type_: str,
    actor: str,
    details: JsonObject,
    *,
    initiators: Initiators,
    depth: int = 0,
) -> None:
    """Write an event into the incident's timeline, and start the workflows that it triggers.

    `initiators`: who brought it about, and so what those workflows start. `depth`: how many workflows, one after the
    other, led to it.
    """
    event = new_event(work, incident, type_, actor, details, initiators=initiators, depth=depth)
    start_matching_workflows(work, incident, event)


def new_event(
    work: Work,
    incident: Incident,
    type_: str,
    actor: str,
    details: JsonObject,
    *,
    initiators: Initiators,
    depth: int = 0,
) -> IncidentEvent:
    """Write an event into the timeline, and no more."""
    event = IncidentEvent(
        id=new_id(Prefix.EVENT),
        incident_id=incident.id,
        type=type_,
        actor=actor,
        details=details,
        depth=depth,
        initiators=initiators_to_json(initiators),
        created_at=work.now,
    )
    work.session.add(event)
    work.session.flush()
    return event
