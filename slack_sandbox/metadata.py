"""What Slack accepts as message metadata. https://docs.slack.dev/messaging/message-metadata"""

import json
from typing import Any

from slack_sandbox.values import Json, SlackError

METADATA_BYTES = 16_000
"""Slack answers ``metadata_too_large`` but publishes no number; this one is the sandbox's own."""


def checked_metadata(value: Any) -> Json | None:
    """The metadata to keep with a message, or None for an empty object (which removes what was there).

    Raises SlackError ``invalid_metadata_format`` or ``metadata_too_large``.
    """
    if value == {}:
        return None
    if not isinstance(value, dict) or set(value) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    event_type, payload = value.get("event_type"), value.get("event_payload")
    if not isinstance(event_type, str) or not event_type or not isinstance(payload, dict):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(value, ensure_ascii=False).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return {"event_type": event_type, "event_payload": payload}
