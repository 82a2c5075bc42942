"""What a list can be narrowed down to: parameters of its query."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import AwareDatetime, StringConstraints

from bot.rest.field_names import missing_is_invalid
from core.decisions.people import Person
from core.definitions.fields import Name
from core.service import Work
from core.services.incidents import find_incident
from core.services.listing import Wanted
from core.services.runbooks import find_runbook
from core.statuses import IncidentStatus, Status

Since = Annotated[AwareDatetime | None, Query(description="Made from this moment on.")]
Until = Annotated[AwareDatetime | None, Query(description="Made before this moment.")]
InStatus = Annotated[Status | None, Query(description="Those in this status.")]
Reference = Annotated[str | None, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
OfIncident = Annotated[
    Reference, Query(description="Those of this incident: its id, or its number as `inc-12`.")
]
OfRunbook = Annotated[Reference, Query(description="Those of this runbook: its id or name.")]
OfTeam = Annotated[Name | None, Query(description="Those of this team.")]


def wanted_incidents(
    status: Annotated[IncidentStatus | None, Query(description="Those in this status.")] = None,
    since: Since = None,
    until: Until = None,
) -> Wanted:
    return Wanted(status=status, since=since, until=until)


def wanted_runs(status: InStatus = None, since: Since = None, until: Until = None) -> Wanted:
    return Wanted(status=status, since=since, until=until)


IncidentFilter = Annotated[Wanted, Depends(wanted_incidents)]
RunFilter = Annotated[Wanted, Depends(wanted_runs)]


def incident_id(work: Work, person: Person, reference: str | None) -> str | None:
    """Raises InvalidInput for an incident that is not there, or is not this person's to see."""
    with missing_is_invalid("incident"):
        return find_incident(work, person, reference).id if reference is not None else None


def runbook_id(work: Work, person: Person, reference: str | None) -> str | None:
    """Raises InvalidInput for a runbook that is not there, or is not this person's to see."""
    with missing_is_invalid("runbook"):
        return find_runbook(work, person, reference).id if reference is not None else None
