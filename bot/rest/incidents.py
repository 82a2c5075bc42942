"""`/incidents`: opening, listing and showing incidents, and changing their status and severity."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from bot.rest.answers import IncidentAnswer, IncidentPage
from bot.rest.bodies import Body, missing_is_invalid
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import WantedPeriod, WantedTeam
from bot.rest.idempotency import CurrentPost, Post
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentReference
from core.definitions.fields import Name, SlackChannel
from core.services.access.listing import Position, Wanted, list_incidents
from core.services.incidents.changes import escalate
from core.services.incidents.opening import NewIncident, change_status, find_incident, open_incident
from core.services.views.reading import view_incident
from core.statuses import IncidentKind, IncidentStatus, Severity
from core.tables import Incident
from core.unit_of_work import UnitOfWork

router = authenticated_router("/api/incidents", "incidents")

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=250)]
LabelName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
LabelValue = Annotated[str, StringConstraints(max_length=1000)]


class IncidentBody(Body):
    """The incident to open."""

    title: Title
    """What is wrong, in one line."""
    description: str = Field(default="", max_length=10_000)
    """Further details."""
    severity: Severity
    """How bad it is."""
    service: Annotated[str, StringConstraints(min_length=1, max_length=250)] | None = None
    """The affected service."""
    team: Name
    """The team that it belongs to."""
    labels: dict[LabelName, LabelValue] = Field(default_factory=dict, max_length=100)
    """Free key-value pairs, which workflows can read."""
    slack_channel: SlackChannel | None = None
    """The id of the incident's Slack channel, C…."""


@router.post("", status_code=HTTPStatus.CREATED, response_model=IncidentAnswer)
def open_one(body: IncidentBody, post: CurrentPost) -> Response:
    """Open an incident. Matching workflows start in the same transaction."""

    def act(work: UnitOfWork) -> IncidentAnswer:
        with missing_is_invalid("team"):
            new = NewIncident(**dict(body))
            incident = open_incident(work, post.caller.person, new, request_key=post.request_key)
        return IncidentAnswer(incident=view_incident(incident))

    return post.once(act, HTTPStatus.CREATED)


@router.get("")
def list_all(
    caller: CurrentCaller,
    page: WantedPage,
    period: WantedPeriod,
    team: WantedTeam = None,
    status: Annotated[IncidentStatus | None, Query(description="Only those in this status.")] = None,
    kind: Annotated[IncidentKind | None, Query(description="Only those of this kind.")] = None,
) -> IncidentPage:
    """List the incidents of your teams, newest first."""
    wanted = Wanted(status, kind=kind, since=period.since, until=period.until)
    with caller.unit_of_work.begin() as work, missing_is_invalid("team"):
        rows = list_incidents(work, caller.person, page.window, wanted, team=team)
        found = page.cut(rows, position_of)
        return IncidentPage(incidents=list(map(view_incident, found.rows)), next_cursor=found.next_cursor)


def position_of(incident: Incident) -> Position:
    return Position(incident.created_at, incident.id)


@router.get("/{id}")
def show(incident: IncidentReference, caller: CurrentCaller) -> IncidentAnswer:
    """Return one incident, by its id or number."""
    with caller.unit_of_work.begin() as work:
        return IncidentAnswer(incident=view_incident(find_incident(work, caller.person, incident)))


@router.post("/{id}/acknowledge", response_model=IncidentAnswer)
def acknowledge(incident: IncidentReference, post: CurrentPost) -> Response:
    """Acknowledge an incident: somebody is working on it."""
    return _change(incident, post, IncidentStatus.ACKNOWLEDGED)


@router.post("/{id}/resolve", response_model=IncidentAnswer)
def resolve(incident: IncidentReference, post: CurrentPost) -> Response:
    """Mark an incident as resolved."""
    return _change(incident, post, IncidentStatus.RESOLVED)


@router.post("/{id}/close", response_model=IncidentAnswer)
def close(incident: IncidentReference, post: CurrentPost) -> Response:
    """Close an incident: nothing is left to do."""
    return _change(incident, post, IncidentStatus.CLOSED)


class Escalation(Body):
    """The new severity."""

    severity: Severity


@router.post("/{id}/escalate", response_model=IncidentAnswer)
def escalate_one(incident: IncidentReference, body: Escalation, post: CurrentPost) -> Response:
    """Raise an incident's severity."""

    def act(work: UnitOfWork) -> IncidentAnswer:
        found = find_incident(work, post.caller.person, incident)
        return IncidentAnswer(
            incident=view_incident(escalate(work, post.caller.person, found, body.severity))
        )

    return post.once(act)


def _change(reference: str, post: Post, status: IncidentStatus) -> Response:
    def act(work: UnitOfWork) -> IncidentAnswer:
        incident = find_incident(work, post.caller.person, reference)
        return IncidentAnswer(
            incident=view_incident(change_status(work, post.caller.person, incident, status))
        )

    return post.once(act)
