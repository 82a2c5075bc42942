"""What happens to incidents: a line of the timeline each, which may start workflows."""

from dataclasses import dataclass

from core.decisions.initiators import Initiators, initiators_to_json
from core.identifiers import Prefix, derived_id, new_id
from core.service import Work
from core.services.workflow_starts import doubt_what_it_started, start_matching_workflows
from core.tables import Incident, IncidentEvent, JsonObject


@dataclass(frozen=True)
class Again:
    """What an event follows from, where it would follow again from the same in a restored copy of the database.

    `key`: what it follows from; empty for what happens by chance, or by a person. `maybe_done`: it may have followed
    already, so what it starts is as doubtful (StepColumns).
    """

    key: str = ""
    maybe_done: bool = False


BY_CHANCE = Again()


def happened(
    work: Work,
    incident: Incident,
    type_: str,
    actor: str,
    details: JsonObject,
    *,
    initiators: Initiators,
    depth: int = 0,
    again: Again = BY_CHANCE,
) -> None:
    """Write an event into the incident's timeline, and start the workflows that it triggers.

    `initiators`: who brought it about, and so what those workflows start. `depth`: how many workflows, one after the
    other, led to it.
    """
    event = new_event(
        work, incident, type_, actor, details, initiators=initiators, depth=depth, key=again.key
    )
    start_matching_workflows(work, incident, event)
    if again.maybe_done:
        doubt_what_it_started(work, event)


def new_event(
    work: Work,
    incident: Incident,
    type_: str,
    actor: str,
    details: JsonObject,
    *,
    initiators: Initiators,
    depth: int = 0,
    key: str = "",
) -> IncidentEvent:
    """Write an event into the timeline, and no more. `key`: see Again."""
    event = IncidentEvent(
        id=derived_id(Prefix.EVENT, key, type_) if key else new_id(Prefix.EVENT),
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
