"""What a form that starts a runbook is about: stored in its view, and read back when it is used."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import InvalidInput
from core.services.shared.incident_scope import incident_scope
from core.tables import Incident

OUTDATED = "This form is from another release of the app."


@dataclass(frozen=True)
class Subject:
    """What a form is for. It carries ids, never rights: each use checks the person's own.

    `response_url`: for the reply, if there is one. `version`: of the runbook, as the form shows it; 0 before one is
    shown. `confirmed`: the digest of the values that were shown to be confirmed. `picks`: whether the picker is in the
    view. `chooses_incident`: whether the incident is chosen there, too.
    """

    runbook_id: str = ""
    incident_id: str = ""
    response_url: str = ""
    version: int = 0
    confirmed: str = ""
    picks: bool = False
    chooses_incident: bool = False

    def text(self) -> str:
        """Return it as it is stored in a view: what differs from the defaults."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({name: value for name, value in given.items() if value})


def subject_of(view: Mapping[str, Any]) -> Subject:
    """Return the subject of a view. Raises InvalidInput for one that this release did not make."""
    try:
        given = json.loads(view.get("private_metadata") or "{}")
        subject = Subject(**given)
    except (ValueError, TypeError):
        raise InvalidInput(OUTDATED, hint="Close it, and open it again.") from None
    if any(type(value) is not type(getattr(Subject(), name)) for name, value in asdict(subject).items()):
        raise InvalidInput(OUTDATED, hint="Close it, and open it again.")
    return subject


@dataclass(frozen=True)
class ForIncident:
    """The incident, as forms show it. `scope`: as expressions see it."""

    id: str
    number: int
    title: str
    service: str | None
    team: str
    scope: Mapping[str, object]

    @classmethod
    def of(cls, incident: Incident) -> "ForIncident":
        """Return the values of a row, which are good after its transaction."""
        team, scope = incident.team.name, incident_scope(incident)
        return cls(incident.id, incident.number, incident.title, incident.service, team, scope)
