"""Incidents and their timeline, as every interface shows them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from core.statuses import IncidentKind, IncidentStatus, Severity, Status


class LinkView(BaseModel):
    """Something created elsewhere for an incident, such as a ticket."""

    name: str
    url: str


class IncidentView(BaseModel):
    """An incident. `kind`: `maintenance` for work that a schedule planned."""

    id: str
    number: int
    kind: IncidentKind = IncidentKind.INCIDENT
    title: str
    description: str
    severity: Severity
    service: str | None
    team: str
    labels: dict[str, str]
    links: list[LinkView] = []
    status: IncidentStatus
    slack_channel: str | None
    opened_by: str
    created_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None


class TimelineEntryView(BaseModel):
    """One entry of an incident's timeline. `subject_id`: the incident, execution or gate that it is about.

    `actor`: a Slack user id, `workflow:NAME` or `system`; `text`: the entry in words; `details`: depends on `kind`.
    """

    id: str
    at: datetime
    kind: str
    actor: str
    subject_id: str
    text: str
    details: dict[str, Any]


class NoteView(BaseModel):
    id: str
    incident_id: str
    text: str
    author: str
    created_at: datetime


class RunLineView(BaseModel):
    """One run of an incident, in the incident's report."""

    id: str
    runbook: str
    version: int
    status: Status
    requested_by: str
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class IncidentReport(BaseModel):
    """An incident with everything that a postmortem starts from. `people`: the Slack ids of those who took part.

    `is_cut`: whether the timeline has more lines than are here.
    """

    incident: IncidentView
    timeline: list[TimelineEntryView]
    is_cut: bool = False
    runs: list[RunLineView]
    people: list[str]


class ProposalView(BaseModel):
    """A runbook that is made for an incident, so that its card proposes it."""

    runbook_id: str
    name: str
    description: str
