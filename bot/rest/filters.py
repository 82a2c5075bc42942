"""Query filters of lists: by status, team, runbook, incident and time."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

from bot.rest.bodies import missing_is_invalid
from core.decisions.people import Person
from core.definitions.fields import Name
from core.services.access.listing import Wanted
from core.services.incidents.opening import find_incident
from core.services.library.runbooks import find_runbook
from core.statuses import Status
from core.unit_of_work import UnitOfWork

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*")


def _refuse_numbers(value: object) -> object:
    """Refuse bare numbers, which Pydantic would take for the seconds since 1970."""
    if isinstance(value, str) and not WRITTEN.fullmatch(value):
        raise PydanticCustomError("moment", "It must be a time with its zone, such as 2026-01-31T00:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Convert to UTC. The first and the last day have hours in some zones that do not exist in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "It must be a time between the years 1 and 9999 in UTC") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_numbers), AfterValidator(_in_utc)]


Reference = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True)
class Period:
    """A time range: `since` is included, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None


def period(
    since: Annotated[Moment | None, Query(description="At or after this time.")] = None,
    until: Annotated[Moment | None, Query(description="Before this time.")] = None,
) -> Period:
    return Period(since, until)


WantedPeriod = Annotated[Period, Depends(period)]
WantedTeam = Annotated[Name | None, Query(alias="team", description="Only those of this team.")]


@dataclass(frozen=True)
class RunFilter:
    """The filter of a list of runs, as it was sent. `wanted` looks the names up."""

    period: Period
    status: Status | None
    incident: str | None = None
    runbook: str | None = None

    def wanted(self, work: UnitOfWork, person: Person) -> Wanted:
        """Return the filter with ids. Raises InvalidInput, with the field, for what this person cannot find."""
        with missing_is_invalid("incident"):
            incident = find_incident(work, person, self.incident) if self.incident else None
        with missing_is_invalid("runbook"):
            runbook = find_runbook(work, person, self.runbook) if self.runbook else None
        return Wanted(
            self.status,
            runbook.id if runbook else None,
            incident.id if incident else None,
            self.period.since,
            self.period.until,
        )


RunStatus = Annotated[Status | None, Query(description="Only those in this status.")]


def runs_of_incident(
    wanted: WantedPeriod,
    status: RunStatus = None,
    runbook: Annotated[
        Reference | None, Query(description="Only those of this runbook, by its id or name.")
    ] = None,
) -> RunFilter:
    return RunFilter(wanted, status, runbook=runbook)


def runs_of_definition(
    wanted: WantedPeriod,
    status: RunStatus = None,
    incident: Annotated[
        Reference | None, Query(description="Only those for this incident, by its id or number.")
    ] = None,
) -> RunFilter:
    return RunFilter(wanted, status, incident=incident)


def runs_at_gates(
    wanted: WantedPeriod,
    incident: Annotated[
        Reference | None, Query(description="Only those of runs for this incident, by its id or number.")
    ] = None,
    runbook: Annotated[
        Reference | None, Query(description="Only those of runs of this runbook, by its id or name.")
    ] = None,
) -> RunFilter:
    """Return the filter of gates; the period is when they were opened."""
    return RunFilter(wanted, None, incident, runbook)


def runs_at_all(
    wanted: WantedPeriod,
    status: RunStatus = None,
    incident: Annotated[
        Reference | None, Query(description="Only those for this incident, by its id or number.")
    ] = None,
    runbook: Annotated[
        Reference | None, Query(description="Only those of this runbook, by its id or name.")
    ] = None,
) -> RunFilter:
    return RunFilter(wanted, status, incident, runbook)


RunsAtAll = Annotated[RunFilter, Depends(runs_at_all)]
RunsOfIncident = Annotated[RunFilter, Depends(runs_of_incident)]
RunsOfDefinition = Annotated[RunFilter, Depends(runs_of_definition)]
RunsAtGates = Annotated[RunFilter, Depends(runs_at_gates)]
