"""Alertmanager: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config, version 4."""

from typing import Literal

from core.alerts.alert import Alert, labels_of, one_title, paragraphs, severity_of
from core.alerts.shape import Shape, read

VENDOR = "Alertmanager"


class OneAlert(Shape):
    labels: dict[str, str]
    annotations: dict[str, str] = {}


class Webhook(Shape):
    """One group of alerts, as the route's `group_by` made it."""

    groupKey: str  # noqa: N815 as Alertmanager writes it
    status: Literal["firing", "resolved"]
    groupLabels: dict[str, str] = {}  # noqa: N815
    commonLabels: dict[str, str]  # noqa: N815
    commonAnnotations: dict[str, str] = {}  # noqa: N815
    externalURL: str = ""  # noqa: N815
    alerts: tuple[OneAlert, ...]


def parse(body: object) -> Alert:
    """Raises InvalidInput for another shape."""
    return alert_of(read(Webhook, body, VENDOR))


def alert_of(webhook: Webhook, title: str | None = None) -> Alert:
    """The group as one alert: what all its alerts share, and of the first one where they share nothing."""
    first = webhook.alerts[0] if webhook.alerts else OneAlert(labels={})
    labels = {**webhook.groupLabels, **webhook.commonLabels}
    annotations = {**first.annotations, **webhook.commonAnnotations}
    name = labels.get("alertname") or first.labels.get("alertname")
    return Alert(
        key=webhook.groupKey,
        title=one_title(annotations.get("summary"), title, name),
        is_resolved=webhook.status == "resolved",
        severity=severity_of(labels.get("severity"), first.labels.get("severity")),
        description=paragraphs(
            annotations.get("description"), annotations.get("message"), webhook.externalURL
        ),
        service=labels.get("service") or labels.get("job"),
        team=labels.get("team"),
        labels=labels_of(labels.items()),
    )
