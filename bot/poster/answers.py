"""What Slack's answer to a call means for the notice. Pure."""

import http.client
import socket
from dataclasses import dataclass
from datetime import timedelta
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackRequestError

FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(seconds=30)
TOKEN_BACKOFF = timedelta(minutes=1)

# https://docs.slack.dev/reference/methods/chat.postMessage/#errors
CHANNEL_IS_GONE = frozenset(
    {"channel_not_found", "is_archived", "restricted_action", "cannot_post_to_channel"}
)
TOKEN_IS_BAD = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
MESSAGE_IS_GONE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"}
)
PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"}
)


@dataclass(frozen=True)
class Later:
    """Try again after `delay`. `uncertain`: the call may have had its effect. `scope_held`: for every notice."""

    delay: timedelta
    reason: str
    uncertain: bool = False
    scope_held: bool = False


@dataclass(frozen=True)
class Join:
    """The bot is not in the channel, which it can mend."""


@dataclass(frozen=True)
class PostAnew:
    """The message that was to be updated is gone."""


@dataclass(frozen=True)
class GiveUp:
    """It will never arrive: an alarm, once."""

    reason: str


Meaning = Later | Join | PostAnew | GiveUp


def meaning(error: Exception, attempts: int) -> Meaning:
    """What a failed call means after this many attempts."""
    if isinstance(error, SlackApiError):
        return _refused(error, attempts)
    never_left = isinstance(error, URLError) and isinstance(
        error.reason, ConnectionRefusedError | socket.gaierror
    )
    return Later(backoff(attempts), f"{type(error).__name__}: {error}", uncertain=not never_left)


def _refused(error: SlackApiError, attempts: int) -> Meaning:
    code = str(error.response.get("error") or "")
    status = int(getattr(error.response, "status_code", 200))
    if status == http.client.TOO_MANY_REQUESTS:
        seconds = int(error.response.headers.get("Retry-After", 1))
        return Later(timedelta(seconds=seconds), "ratelimited", scope_held=True)
    if status >= http.client.INTERNAL_SERVER_ERROR or code in PASSING:
        return Later(backoff(attempts), code or f"HTTP {status}", uncertain=True)
    if code == "not_in_channel":
        return Join()
    if code in MESSAGE_IS_GONE:
        return PostAnew()
    if code in TOKEN_IS_BAD:
        return Later(TOKEN_BACKOFF, code)
    return GiveUp(code)


def backoff(attempts: int) -> timedelta:
    """1, 2, 4, … seconds, at most 30."""
    return min(FIRST_BACKOFF * (1 << min(attempts, 5)), LONGEST_BACKOFF)


# What slack_sdk's WebClient raises for a call that got no answer.
CALL_ERRORS = (SlackApiError, SlackRequestError, URLError, OSError, http.client.HTTPException)
