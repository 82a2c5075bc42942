"""Datadog: https://docs.datadoghq.com/integrations/webhooks/.

The body is what its user writes; the one that is understood here is in docs/alerts.md.
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
MARKUP = "%%%"  # around Markdown in $EVENT_MSG


UNFILLED = frozenset(
    {"", "$alert_transition"}
)  # of what no monitor sends, such as an event that names the webhook


class Webhook(Shape):
    """`cycle_key` is $ALERT_CYCLE_KEY: one from the time an alert triggers until it recovers."""

    cycle_key: str = ""
    transition: str
    title: str = ""
    text: str = ""
    priority: str | None = None
    alert_type: str | None = None
    link: str = ""
    tags: str = ""


def parse(body: object) -> Alert | None:
    """None for transitions that neither open nor resolve, and for what no monitor sent.

    Raises InvalidInput for another shape, and for a variable that is none of Datadog's.
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
            f"This is no webhook of {VENDOR}: {field} does not fit (it is empty or was not filled in by {VENDOR}).",
            hint="docs/alerts.md shows the payload that is understood.",
            field=field,
        )
