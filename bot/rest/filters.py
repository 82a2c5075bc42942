"""Filters and moments in queries.

Moments in queries.

What lists may be asked for: by status, team, runbook, incident and time.
"""

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
    """Pydantic takes a number for the seconds since 1970, and a short one for a moment of that year."""
    if isinstance(value, str) and not WRITTEN.fullmatch(value):
        raise PydanticCustomError("moment", "It must be a time with its zone, such as 2026-01-31T00:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Of the first day and of the last one some zones have hours that UTC has not."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "It must be a time between the years 1 and 9999 in UTC") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_numbers), AfterValidator(_in_utc)]


Reference = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True)
class Period:
    """From `since` on, and before `until`."""

    since: datetime | None = None
    until: datetime | None = None


def period(
    since: Annotated[Moment | None, Query(description="From this moment on.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
) -> Period:
    return Period(since, until)


WantedPeriod = Annotated[Period, Depends(period)]
WantedTeam = Annotated[Name | None, Query(alias="team", description="Of this team.")]


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted, as it was asked: names are looked up by `wanted`."""

    period: Period
    status: Status | None
    incident: str | None = None
    runbook: str | None = None

    def wanted(self, work: UnitOfWork, person: Person) -> Wanted:
        """Raises InvalidInput, naming the field, for what this person cannot find."""
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


RunStatus = Annotated[Status | None, Query(description="In this status.")]


def runs_of_incident(
    wanted: WantedPeriod,
    status: RunStatus = None,
    runbook: Annotated[Reference | None, Query(description="Of this runbook, by its id or name.")] = None,
) -> RunFilter:
    return RunFilter(wanted, status, runbook=runbook)


def runs_of_definition(
    wanted: WantedPeriod,
    status: RunStatus = None,
    incident: Annotated[
        Reference | None, Query(description="For this incident, by its id or number.")
    ] = None,
) -> RunFilter:
    return RunFilter(wanted, status, incident=incident)


def runs_at_gates(
    wanted: WantedPeriod,
    incident: Annotated[
        Reference | None, Query(description="Of runs for this incident, by its id or number.")
    ] = None,
    runbook: Annotated[
        Reference | None, Query(description="Of runs of this runbook, by its id or name.")
    ] = None,
) -> RunFilter:
    """The period is that of the gates' opening."""
    return RunFilter(wanted, None, incident, runbook)


def runs_at_all(
    wanted: WantedPeriod,
    status: RunStatus = None,
    incident: Annotated[
        Reference | None, Query(description="For this incident, by its id or number.")
    ] = None,
    runbook: Annotated[Reference | None, Query(description="Of this runbook, by its id or name.")] = None,
) -> RunFilter:
    return RunFilter(wanted, status, incident, runbook)


RunsAtAll = Annotated[RunFilter, Depends(runs_at_all)]
RunsOfIncident = Annotated[RunFilter, Depends(runs_of_incident)]
RunsOfDefinition = Annotated[RunFilter, Depends(runs_of_definition)]
RunsAtGates = Annotated[RunFilter, Depends(runs_at_gates)]
