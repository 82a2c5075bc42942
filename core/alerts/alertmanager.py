"""Alertmanager webhooks, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.

A group is described by its firing alerts, and above all by the worst of them.
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
    """The number of alerts of the group that were dropped because it had too many (core.alerts.reading)."""

    firing: int = 0
    resolved: int = 0


class Webhook(Shape):
    """One group of alerts, as defined by the route's `group_by`. `truncatedAlerts`: how many `max_alerts` left out."""

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
    """Return the group as an alert. Raises InvalidInput for another format."""
    return alert_of(read(Webhook, body, VENDOR))


def alert_of(webhook: Webhook, title: str | None = None) -> Alert:
    """Return the group as one alert. Where the firing alerts differ, it is described by the worst one."""
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
    """Return the firing alerts; all alerts if the group is resolved."""
    firing = [each for each in webhook.alerts if each.status != RESOLVED]
    return firing if webhook.status == FIRING and firing else webhook.alerts


def _rank(labels: Mapping[str, str]) -> int:
    return RANKS[severity_of(labels.get("severity"))]


def _shared(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the entries that are the same in all mappings."""
    first, *others = [dict(part) for part in parts] or [{}]
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}


def _severity(worst: OneAlert) -> dict[str, str]:
    return {"severity": worst.labels["severity"]} if worst.labels.get("severity") else {}


def _how_many(webhook: Webhook) -> str:
    """Say how many alerts are firing if there are several, and how many were left out, by the sender or here."""
    kept = sum(each.status != RESOLVED for each in webhook.alerts)
    firing, out = kept + webhook.leftOut.firing, webhook.leftOut.firing + webhook.leftOut.resolved
    said = [f"{firing} alerts are firing." if firing > 1 else ""]
    if out:
        said.append(
            f"The labels shown are those of the worst {len(webhook.alerts)} of {out + len(webhook.alerts)} alerts."
        )
    if webhook.truncatedAlerts:
        said.append(f"{webhook.truncatedAlerts} more were not sent (max_alerts).")
    return " ".join(filter(None, said))
