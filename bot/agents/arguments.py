"""The arguments of the tools. Their docstrings are what a model reads about each."""

from typing import Annotated

from pydantic import Field, JsonValue

from bot.rest.bodies import Body
from core.definitions.fields import SlackUser
from core.services.starts.proposals import LONGEST_PROPOSAL
from core.statuses import IncidentStatus

LONGEST_WAIT = 60  # seconds
MOST_PEOPLE = 5

Reference = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[str, Field(min_length=1, max_length=200)]


class FindIncidents(Body):
    status: Annotated[list[IncidentStatus], Field(max_length=4)] = [
        IncidentStatus.OPEN,
        IncidentStatus.ACKNOWLEDGED,
    ]
    """Only incidents with one of these statuses."""
    limit: Annotated[int, Field(ge=1, le=20)] = 10
    """At most so many, the newest first."""


class OfIncident(Body):
    incident: Reference
    """The incident's id or number, such as `inc-12`."""


class OfRun(Body):
    run: Reference
    """The run's id, such as `rbx_…`."""


class Wait(OfRun):
    seconds: Annotated[int, Field(ge=1, le=LONGEST_WAIT)] = 30
    """How long to wait at most. Call it again to wait longer."""


class Plan(OfIncident):
    runbook: Reference
    """The runbook's name or id, as `find_runbooks` returns it."""
    parameters: dict[str, JsonValue] = {}
    """The values of the parameters, by name. Those with a default may be left out."""


class Propose(Plan):
    plan: Annotated[str, Field(min_length=64, max_length=64)]
    """The `plan` that `plan_run` returned for this incident, runbook and parameters."""
    proposal: Annotated[str, Field(min_length=1, max_length=LONGEST_PROPOSAL)]
    """What you found, why this run is right, and what could go wrong, for the person who decides. They see it quoted,
    as your words, and its beginning only if it is long."""
    key: Key
    """A name of your own for this proposal. To repeat a call whose answer you did not get, use the same key: then no
    second run is made."""
    acting_for: Annotated[list[SlackUser], Field(max_length=MOST_PEOPLE)] = []
    """The Slack ids of the people who asked you to do this. They cannot approve it."""


class Note(OfIncident):
    text: Annotated[str, Field(min_length=1, max_length=3_000)]
    """The note."""
    key: Key
    """A name of your own for this note. With the same key, it is written once."""
