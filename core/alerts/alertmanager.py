"""Alertmanager: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config, version 4.

A group is told by those of its alerts that fire, the worst of them first.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from core.alerts.alert import (
    Alert,
    AlertNews,
    Shape,
    Texts,
    labels_of,
    one_title,
    paragraphs,
    read,
    said_severity,
    severity_of,
)
from core.statuses import Severity

VENDOR = "Alertmanager"
FIRING, RESOLVED = "firing", "resolved"
RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class OneAlert(Shape):
    status: str = ""
    labels: Texts = {}
    annotations: Texts = {}


class LeftOut(Shape):
    """Alerts of the group that came, but were too many to be kept (core.alerts.reading)."""

    firing: int = 0
    resolved: int = 0


class Webhook(Shape):
    """One group of alerts, as the route's `group_by` made it. `truncatedAlerts`: how many `max_alerts` left out."""

    groupKey: str  # noqa: N815 as Alertmanager writes it
    status: Literal["firing", "resolved"]
    groupLabels: Texts = {}  # noqa: N815
    commonLabels: Texts  # noqa: N815
    commonAnnotations: Texts = {}  # noqa: N815
    externalURL: str = ""  # noqa: N815
    truncatedAlerts: int = 0  # noqa: N815
    leftOut: LeftOut = LeftOut()  # noqa: N815
    alerts: tuple[OneAlert, ...] = ()


def parse(body: object) -> Alert:
    """Raises InvalidInput for another shape."""
    return alert_of(read(Webhook, body, VENDOR))


def alert_of(webhook: Webhook, title: str | None = None) -> Alert:
    """The group as one alert. Where those that fire differ, the worst one tells what it is about."""
    told = _told(webhook)
    common = {**webhook.groupLabels, **webhook.commonLabels}
    worst = max(told, key=lambda each: _rank({**common, **each.labels}), default=OneAlert())
    labels = {**common, **_shared(each.labels for each in told)}
    own = {**worst.labels, **labels}
    severity = said_severity(worst.labels.get("severity"), labels.get("severity"))
    annotations = {
        **worst.annotations,
        **webhook.commonAnnotations,
        **_shared(each.annotations for each in told),
    }
    return Alert(
        key=webhook.groupKey,
        title=one_title(annotations.get("summary"), title, own.get("alertname")),
        news=AlertNews.RESOLVED if webhook.status == RESOLVED else AlertNews.FIRES,
        severity=severity_of(severity),
        says_severity=severity is not None,
        description=paragraphs(
            annotations.get("description"),
            annotations.get("message"),
            _how_many(webhook),
            webhook.externalURL,
        ),
        service=own.get("service") or own.get("job"),
        team=own.get("team"),
        labels=labels_of({**labels, **_severity(worst)}.items()),
    )


def _told(webhook: Webhook) -> Sequence[OneAlert]:
    """The alerts that fire; of a group that is over, all."""
    firing = [each for each in webhook.alerts if each.status != RESOLVED]
    return firing if webhook.status == FIRING and firing else webhook.alerts


def _rank(labels: Mapping[str, str]) -> int:
    return RANKS[severity_of(labels.get("severity"))]


def _shared(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What is the same in all of them."""
    first, *others = [dict(part) for part in parts] or [{}]
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}


def _severity(worst: OneAlert) -> dict[str, str]:
    return {"severity": worst.labels["severity"]} if worst.labels.get("severity") else {}


def _how_many(webhook: Webhook) -> str:
    """Said where the group has several alerts that fire, or where some were left out, on the way or here."""
    kept = sum(each.status != RESOLVED for each in webhook.alerts)
    firing, out = kept + webhook.leftOut.firing, webhook.leftOut.firing + webhook.leftOut.resolved
    said = [f"{firing} alerts fire." if firing > 1 else ""]
    if out:
        said.append(
            f"The labels here are those of the worst {len(webhook.alerts)} of {out + len(webhook.alerts)}."
        )
    if webhook.truncatedAlerts:
        said.append(f"Of {webhook.truncatedAlerts} more nothing was sent (max_alerts).")
    return " ".join(filter(None, said))
