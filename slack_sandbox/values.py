"""Small values: JSON, identifiers and timestamps in Slack's format, and the error that carries Slack's error code.

Decisions take ``now``; only ``utc_now`` reads the clock.
"""

import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Json = dict[str, Any]


ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """A fresh identifier, such as ``C7Q2ZJ4KX1`` for the prefix ``C``."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(10))


def new_secret() -> str:
    return secrets.token_urlsafe(24)


Clock = Callable[[], datetime]

MICROSECONDS = 1_000_000


def utc_now() -> datetime:
    return datetime.now(UTC)


def next_ts(now: datetime, last: str) -> str:
    """A message timestamp such as ``1763882000.000100``: the time in seconds, later than ``last``.

    Slack's ``ts`` is the identity of a message in its channel.
    https://docs.slack.dev/messaging/retrieving-messages
    """
    wanted = int(now.timestamp()) * MICROSECONDS + now.microsecond
    return ts_text(max(wanted, ts_microseconds(last) + 1))


def ts_text(microseconds: int) -> str:
    return f"{microseconds // MICROSECONDS}.{microseconds % MICROSECONDS:06d}"


def ts_microseconds(ts: str) -> int:
    """The microseconds since 1970 that a ``ts`` names. ValueError when it is none."""
    try:
        value = Decimal(ts)
    except InvalidOperation as error:
        raise ValueError(f"{ts!r} is not a Slack timestamp such as 1763882000.000100") from error
    if not value.is_finite():
        raise ValueError(f"{ts!r} is not a Slack timestamp such as 1763882000.000100")
    return int(value * MICROSECONDS)


SENTENCES: Mapping[str, str] = {
    "already_archived": "This channel is already archived.",
    "channel_not_found": "There is no such channel, or you may not see it.",
    "dispatch_failed": "The app could not be reached, or it answered with an error.",
    "invalid_name_specials": "A channel name takes lower-case letters, digits, hyphens and underscores.",
    "is_archived": "This channel is archived: nothing can be posted in it.",
    "message_not_found": "There is no such message.",
    "msg_too_long": "A message has at most 40,000 characters.",
    "name_taken": "A channel of this name exists already.",
    "no_text": "A message needs text.",
    "not_in_channel": "You are not a member of this channel.",
    "not_found": "There is no such view.",
    "operation_timeout": "The app did not answer within 3 seconds.",
    "user_not_found": "There is no such person in this workspace.",
}


class SlackError(Exception):
    """Slack refused. ``error`` is Slack's name for it, ``messages`` its details on a bad block or view."""

    def __init__(self, error: str, messages: Sequence[str] = (), *, sentence: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.messages = tuple(messages)
        self.sentence = sentence or SENTENCES.get(error, f"Slack refused: {error}.")

    def as_answer(self) -> Json:
        """The body a Web API method answers with, as documented at https://docs.slack.dev/apis/web-api."""
        answer: Json = {"ok": False, "error": self.error}
        if self.messages:
            answer["errors"] = list(self.messages)
            answer["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return answer
