"""conversations.history and conversations.replies: reading messages page by page.

Cursors: https://docs.slack.dev/apis/web-api/pagination
"""

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from slack_sandbox.rate_limits import TIER_3
from slack_sandbox.values import Json, SlackError, ts_microseconds
from slack_sandbox.web_api.method import Arguments, Call, Method
from slack_sandbox.workspace.models import Channel, Message
from slack_sandbox.workspace.rendering import message_object

Item = TypeVar("Item")

PREFIX = "next:"
LARGEST_PAGE = 1000


def page(items: Sequence[Item], arguments: Arguments, default: int = 100) -> tuple[list[Item], str]:
    """The page that ``cursor`` and ``limit`` ask for, and the cursor of the next one, or ``""``.

    Raises SlackError: invalid_cursor, invalid_limit.
    """
    limit = arguments.number("limit", default) or default
    if not 1 <= limit <= LARGEST_PAGE:
        raise SlackError("invalid_limit")
    start = decode_cursor(arguments.text("cursor"))
    end = start + limit
    return list(items[start:end]), encode_cursor(end) if end < len(items) else ""


def encode_cursor(position: int) -> str:
    return base64.b64encode(f"{PREFIX}{position}".encode()).decode()


def decode_cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        text = base64.b64decode(cursor, validate=True).decode()
        return int(text.removeprefix(PREFIX))
    except (binascii.Error, ValueError) as error:
        raise SlackError("invalid_cursor") from error


@dataclass(frozen=True)
class Span:
    """A stretch of time between two timestamps in microseconds, with or without its ends."""

    oldest: int
    latest: int | None
    inclusive: bool

    def covers(self, ts: str) -> bool:
        moment = ts_microseconds(ts)
        if self.inclusive and moment in (self.oldest, self.latest):
            return True
        return moment > self.oldest and (self.latest is None or moment < self.latest)


def span_of(arguments: Arguments) -> Span:
    """Raises SlackError: invalid_ts_oldest, invalid_ts_latest."""
    latest = arguments.text("latest")
    return Span(
        oldest=_moment(arguments.text("oldest") or "0", "invalid_ts_oldest"),
        latest=_moment(latest, "invalid_ts_latest") if latest not in ("", "now") else None,
        inclusive=arguments.flag("inclusive"),
    )


def _moment(ts: str, error: str) -> int:
    try:
        return ts_microseconds(ts)
    except ValueError as bad:
        raise SlackError(error) from bad


def history(call: Call) -> Json:
    """The channel's messages, the newest first. https://docs.slack.dev/reference/methods/conversations.history"""
    channel = _readable_channel(call)
    span = span_of(call.arguments)
    messages = [
        message for message in call.workspace.histories[channel.id].top_level() if span.covers(message.ts)
    ]
    shown, cursor = page(messages[::-1], call.arguments)
    return _answer(call, shown, cursor) | {
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }


def replies(call: Call) -> Json:
    """A message and its thread, the oldest first. https://docs.slack.dev/reference/methods/conversations.replies"""
    channel = _readable_channel(call)
    log = call.workspace.histories[channel.id]
    parent = log.get(call.arguments.required("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    span = span_of(call.arguments)
    thread = [reply for reply in log.replies(parent.ts) if span.covers(reply.ts)]
    shown, cursor = page([parent, *thread], call.arguments, default=1000)
    return _answer(call, shown, cursor)


def _readable_channel(call: Call) -> Channel:
    call.arguments.required("channel")
    channel = call.channel()
    if call.app_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _answer(call: Call, messages: Iterable[Message], cursor: str) -> Json:
    """Metadata only on request: https://docs.slack.dev/messaging/message-metadata#reading"""
    wanted = call.arguments.flag("include_all_metadata")
    rendered = [message_object(call.workspace, message, metadata=wanted) for message in messages]
    answer: Json = {"messages": rendered, "has_more": bool(cursor)}
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


METHODS = {
    "conversations.history": Method(history, TIER_3),
    "conversations.replies": Method(replies, TIER_3),
}
