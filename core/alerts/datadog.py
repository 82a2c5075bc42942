"""Datadog webhooks: https://docs.datadoghq.com/integrations/webhooks/.

The user defines the body; docs/alerts.md has the one that is supported.
"""

from core.alerts.alert import (
    Alert,
    AlertNews,
    Shape,
    one_title,
    paragraphs,
    read,
    said_severity,
    severity_of,
    tags_of,
)
from core.errors import InvalidInput

VENDOR = "Datadog"
OPENING = frozenset({"triggered", "re-triggered", "no data", "re-no data", "warn", "re-warn", "renotify"})
RESOLVED = "recovered"
MARKUP = "%%%"  # encloses Markdown in $EVENT_MSG


UNFILLED = frozenset(
    {"", "$alert_transition"}
)  # the transition of webhooks not sent by a monitor, such as an event that mentions the webhook


class Webhook(Shape):
    """`cycle_key` is $ALERT_CYCLE_KEY: the same from when an alert triggers until it recovers."""

    cycle_key: str = ""
    transition: str
    title: str = ""
    text: str = ""
    priority: str | None = None
    alert_type: str | None = None
    link: str = ""
    tags: str = ""


def parse(body: object) -> Alert | None:
    """Return the alert; None for a transition that neither opens nor resolves, and for what no monitor sent.

    Raises InvalidInput for another format, and for a variable that Datadog did not replace.
    """
    webhook = read(Webhook, body, VENDOR)
    transition = webhook.transition.strip().lower()
    if transition not in UNFILLED:
        _refuse_unfilled("transition", webhook.transition)
    if transition not in OPENING and transition != RESOLVED:
        return None
    _refuse_unfilled("cycle_key", webhook.cycle_key)
    tags = tags_of(webhook.tags.split(","))
    severity = said_severity(webhook.priority, webhook.alert_type)
    return Alert(
        key=webhook.cycle_key,
        title=one_title(webhook.title),
        news=AlertNews.RESOLVED if transition == RESOLVED else AlertNews.FIRES,
        severity=severity_of(severity),
        says_severity=severity is not None,
        description=paragraphs(webhook.text.replace(MARKUP, ""), webhook.link),
        service=tags.get("service"),
        team=tags.get("team"),
        labels=tags,
    )


def _refuse_unfilled(field: str, value: str) -> None:
    if not value.strip() or value.startswith("$"):
        raise InvalidInput(
            f"This is not a webhook from {VENDOR}: {field} is not valid (it is empty or {VENDOR} did not fill it in).",
            hint="docs/alerts.md shows the supported payload.",
            field=field,
        )
