"""PagerDuty: https://developer.pagerduty.com/docs/webhooks-overview, version 3."""

from core.alerts.alert import Alert, labels_of, one_title, paragraphs, severity_of
from core.alerts.shape import Shape, read

VENDOR = "PagerDuty"
OPENING = frozenset({"incident.triggered", "incident.reopened", "incident.unacknowledged"})
RESOLVED = "incident.resolved"


class Named(Shape):
    """A reference to something; `summary` is its name."""

    summary: str | None = None


class Incident(Shape):
    id: str
    title: str
    html_url: str = ""
    incident_key: str | None = None
    urgency: str | None = None
    service: Named = Named()
    priority: Named | None = None
    teams: tuple[Named, ...] = ()


class Kind(Shape):
    event_type: str


class AnyEvent(Shape):
    event: Kind


class Event(Kind):
    data: Incident


class Webhook(Shape):
    event: Event


def parse(body: object) -> Alert | None:
    """None for events that neither open nor resolve. Raises InvalidInput for another shape."""
    kind = read(AnyEvent, body, VENDOR).event.event_type
    if kind not in OPENING and kind != RESOLVED:
        return None
    incident = read(Webhook, body, VENDOR).event.data
    team = incident.teams[0].summary if incident.teams else None
    priority = incident.priority.summary if incident.priority else None
    return Alert(
        key=incident.id,
        title=one_title(incident.title),
        is_resolved=kind == RESOLVED,
        severity=severity_of(priority, incident.urgency),
        description=paragraphs(incident.html_url),
        service=incident.service.summary,
        team=team.lower().replace(" ", "-") if team else None,
        labels=labels_of([("pagerduty", incident.id), ("urgency", incident.urgency), ("priority", priority)]),
    )
