"""Sentry webhooks: https://docs.sentry.io/integrations/integration-platform/webhooks/.

Issues, issue alerts, activity alerts and metric alerts are supported.
"""

import re
from typing import Any

from core.alerts.alert import (
    NOTE_LENGTH,
    Alert,
    AlertNews,
    Pairs,
    Shape,
    labels_of,
    one_title,
    paragraphs,
    read,
    said_severity,
    severity_of,
)

VENDOR = "Sentry"
PROJECT = re.compile(r"/projects/[^/]+/([^/]+)/events/")
# https://docs.sentry.io/integrations/integration-platform/webhooks/issues/; other actions are ignored.
ISSUE_NEWS = {
    "created": AlertNews.FIRES,
    "unresolved": AlertNews.FIRES,
    "triggered": AlertNews.FIRES,  # of an activity alert
    "assigned": AlertNews.CHANGED,
    "archived": AlertNews.CHANGED,
    "ignored": AlertNews.CHANGED,  # the former name of archived
    "resolved": AlertNews.RESOLVED,
}


class Project(Shape):
    slug: str | None = None
    name: str | None = None


class Actor(Shape):
    """`type`: `user` for a person, `application` for Sentry itself."""

    type: str | None = None
    name: str | None = None


class Issue(Shape):
    id: str
    title: str | None = None
    culprit: str | None = None
    level: str | None = None
    shortId: str | None = None  # noqa: N815 as Sentry writes it
    web_url: str | None = None
    status: str | None = None
    assignedTo: Actor = Actor()  # noqa: N815
    project: Project = Project()


class IssueEvent(Shape):
    """The subject of an issue alert. `tags`: pairs of name and value. `url`: of the API, with the project's slug."""

    issue_id: str
    title: str | None = None
    culprit: str | None = None
    level: str | None = None
    web_url: str | None = None
    url: str | None = None
    tags: Pairs = ()

    @property
    def project(self) -> str | None:
        """The project's slug, which is found only in `url`.

        https://docs.sentry.io/integrations/integration-platform/webhooks/issue-alerts/
        """
        found = PROJECT.search(self.url or "")
        return found[1] if found else None


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
    description_title: str | None = None
    description_text: str | None = None
    web_url: str | None = None


class IssueWebhook(Shape):
    action: str
    data: IssueData
    actor: Actor = Actor()


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
    """Return the alert; None for what neither opens nor resolves, such as a comment. Raises InvalidInput for another
    format.

    An issue and the alerts on it have the same key, so that resolving the issue in Sentry resolves the incident.
    """
    data = read(AnyWebhook, body, VENDOR).data
    if "metric_alert" in data:
        return _metric_alert(read(MetricWebhook, body, VENDOR))
    if "event" in data:
        return _issue_alert(read(EventWebhook, body, VENDOR))
    if "issue" in data:
        return _issue(read(IssueWebhook, body, VENDOR))
    return None


def _issue(webhook: IssueWebhook) -> Alert | None:
    issue, news = webhook.data.issue, ISSUE_NEWS.get(webhook.action)
    if news is None:
        return None
    if webhook.action == "triggered" and issue.status == "resolved":
        news = AlertNews.RESOLVED
    severity = said_severity(issue.level)
    return Alert(
        key=f"issue:{issue.id}",
        title=one_title(issue.title),
        news=news,
        severity=severity_of(severity),
        says_severity=severity is not None,
        description=paragraphs(issue.culprit, issue.web_url),
        service=issue.project.slug or issue.project.name,
        labels=labels_of([("sentry", issue.shortId or issue.id), ("level", issue.level)]),
        note=_note(webhook) if news is not AlertNews.FIRES else "",
    )


def _note(webhook: IssueWebhook) -> str:
    """Return a note such as `Sentry: assigned to Ann by Bob.`"""
    actor, to = webhook.actor, webhook.data.issue.assignedTo.name
    by = f" by {actor.name}" if actor.type == "user" and actor.name else ""
    return f"{VENDOR}: {webhook.action}{f' to {to}' if webhook.action == 'assigned' and to else ''}{by}."[
        :NOTE_LENGTH
    ]


def _issue_alert(webhook: EventWebhook) -> Alert:
    event = webhook.data.event
    tags = {name: value for name, value in event.tags if value}
    severity = said_severity(event.level, tags.get("level"))
    return Alert(
        key=f"issue:{event.issue_id}",
        title=one_title(event.title),
        severity=severity_of(severity),
        says_severity=severity is not None,
        description=paragraphs(event.culprit, event.web_url),
        service=tags.get("service") or event.project,
        team=tags.get("team"),
        labels=labels_of([("sentry", event.issue_id), *tags.items()]),
    )


def _metric_alert(webhook: MetricWebhook) -> Alert:
    data = webhook.data
    rule = data.metric_alert.alert_rule
    return Alert(
        key=f"metric:{data.metric_alert.id}",
        title=one_title(rule.name, data.description_title),
        news=AlertNews.RESOLVED if webhook.action == "resolved" else AlertNews.FIRES,
        severity=severity_of(webhook.action),
        description=paragraphs(data.description_title, data.description_text, data.web_url),
        service=rule.projects[0] if rule.projects else None,
        labels=labels_of([("sentry", data.metric_alert.id)]),
    )
