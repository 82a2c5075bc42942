"""Datadog: https://docs.datadoghq.com/integrations/webhooks/.

The body is what its user writes; the one that is understood here is in docs/alerts.md.
"""

from pydantic import field_validator

from core.alerts.alert import Alert, one_title, paragraphs, severity_of, tags_of
from core.alerts.shape import Shape, read

VENDOR = "Datadog"
OPENING = frozenset({"triggered", "re-triggered", "no data", "re-no data", "warn", "re-warn", "renotify"})
RESOLVED = "recovered"
MARKUP = "%%%"  # around Markdown in $EVENT_MSG


class Webhook(Shape):
    """`cycle_key` is $ALERT_CYCLE_KEY: one from the time an alert triggers until it recovers."""

    cycle_key: str
    transition: str
    title: str
    text: str = ""
    priority: str | None = None
    alert_type: str | None = None
    link: str = ""
    tags: str = ""

    @field_validator("cycle_key", "transition")
    @classmethod
    def _refuse_unfilled(cls, value: str) -> str:
        if not value.strip() or value.startswith("$"):
            raise ValueError("it is empty or was not filled in by Datadog")
        return value


def parse(body: object) -> Alert | None:
    """None for transitions that neither open nor resolve. Raises InvalidInput for another shape."""
    webhook = read(Webhook, body, VENDOR)
    transition = webhook.transition.strip().lower()
    if transition not in OPENING and transition != RESOLVED:
        return None
    tags = tags_of(webhook.tags.split(","))
    return Alert(
        key=webhook.cycle_key,
        title=one_title(webhook.title),
        is_resolved=transition == RESOLVED,
        severity=severity_of(webhook.priority, webhook.alert_type),
        description=paragraphs(webhook.text.replace(MARKUP, ""), webhook.link),
        service=tags.get("service"),
        team=tags.get("team"),
        labels=tags,
    )
