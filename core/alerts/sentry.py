"""Sentry: https://docs.sentry.io/integrations/integration-platform/webhooks/.

Understood are issues, issue alerts and metric alerts.
"""

from typing import Any

from core.alerts.alert import Alert, labels_of, one_title, paragraphs, severity_of
from core.alerts.shape import Shape, read
from core.errors import InvalidInput

VENDOR = "Sentry"
ISSUE_OPENS = frozenset({"created", "unresolved"})


class Project(Shape):
    slug: str | None = None
    name: str | None = None


class Issue(Shape):
    id: str
    title: str
    culprit: str | None = None
    level: str | None = None
    shortId: str | None = None  # noqa: N815 as Sentry writes it
    web_url: str | None = None
    project: Project = Project()


class IssueEvent(Shape):
    """What an issue alert is about. `tags`: pairs of a name and a value."""

    issue_id: str
    title: str
    culprit: str | None = None
    level: str | None = None
    web_url: str | None = None
    tags: tuple[tuple[str, str | None], ...] = ()


class AlertRule(Shape):
    name: str | None = None
    projects: tuple[str, ...] = ()


class MetricAlert(Shape):
    id: str
    alert_rule: AlertRule = AlertRule()


class IssueData(Shape):
    issue: Issue


class EventData(Shape):
    event: IssueEvent


class MetricData(Shape):
    metric_alert: MetricAlert
    description_title: str
    description_text: str | None = None
    web_url: str | None = None


class IssueWebhook(Shape):
    action: str
    data: IssueData


class EventWebhook(Shape):
    action: str
    data: EventData


class MetricWebhook(Shape):
    action: str
    data: MetricData


class AnyWebhook(Shape):
    action: str
    data: dict[str, Any]


def parse(body: object) -> Alert | None:
    """None for what neither opens nor resolves. Raises InvalidInput for another shape.

    An issue and the alerts on it have one key, so that resolving the issue in Sentry resolves the incident.
    """
    data = read(AnyWebhook, body, VENDOR).data
    if "metric_alert" in data:
        return _metric_alert(read(MetricWebhook, body, VENDOR))
    if "event" in data:
        return _issue_alert(read(EventWebhook, body, VENDOR))
    if "issue" in data:
        return _issue(read(IssueWebhook, body, VENDOR))
    raise InvalidInput(
        "This is no webhook of Sentry that is understood: data has neither issue, event nor metric_alert.",
        hint="docs/alerts.md shows what is understood.",
        field="data",
    )


def _issue(webhook: IssueWebhook) -> Alert | None:
    issue, is_resolved = webhook.data.issue, webhook.action == "resolved"
    if not is_resolved and webhook.action not in ISSUE_OPENS:
        return None
    return Alert(
        key=f"issue:{issue.id}",
        title=one_title(issue.title),
        is_resolved=is_resolved,
        severity=severity_of(issue.level),
        description=paragraphs(issue.culprit, issue.web_url),
        service=issue.project.slug or issue.project.name,
        labels=labels_of([("sentry", issue.shortId or issue.id), ("level", issue.level)]),
    )


def _issue_alert(webhook: EventWebhook) -> Alert:
    event = webhook.data.event
    tags = {name: value for name, value in event.tags if value}
    return Alert(
        key=f"issue:{event.issue_id}",
        title=one_title(event.title),
        severity=severity_of(event.level, tags.get("level")),
        description=paragraphs(event.culprit, event.web_url),
        service=tags.get("service"),
        team=tags.get("team"),
        labels=labels_of([("sentry", event.issue_id), *tags.items()]),
    )


def _metric_alert(webhook: MetricWebhook) -> Alert:
    data = webhook.data
    rule = data.metric_alert.alert_rule
    return Alert(
        key=f"metric:{data.metric_alert.id}",
        title=one_title(rule.name, data.description_title),
        is_resolved=webhook.action == "resolved",
        severity=severity_of(webhook.action),
        description=paragraphs(data.description_title, data.description_text, data.web_url),
        service=rule.projects[0] if rule.projects else None,
        labels=labels_of([("sentry", data.metric_alert.id)]),
    )
