"""What Slack's answer to a call means for the notice. Pure."""

import http.client
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from json import JSONDecodeError
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackRequestError

FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(seconds=30)
LONGEST_UNFORESEEN = timedelta(minutes=5)
TOKEN_BACKOFF = timedelta(minutes=1)

# https://docs.slack.dev/reference/methods/chat.postMessage/#errors
# https://docs.slack.dev/reference/methods/chat.update/#errors
CHANNEL_IS_GONE = frozenset(
    {"channel_not_found", "is_archived", "is_inactive", "restricted_action", "cannot_post_to_channel"}
)
# What somebody at the workspace has to mend, and then all is well again.
TOKEN_IS_BAD = frozenset(
    {
        *("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"),
        *("not_allowed_token_type", "no_permission", "access_denied"),
        *("org_login_required", "ekm_access_denied", "team_access_not_granted", "accesslimited"),
    }
)
SCOPE_IS_MISSING = "missing_scope"  # of one method, and one kind of channel: the token is good for all else
NEEDS_AN_ADMIN = TOKEN_IS_BAD | {SCOPE_IS_MISSING}
MESSAGE_IS_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
THREAD_IS_GONE = "thread_not_found"
TOO_FAST = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
PASSING = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
)
ERROR_CODE = re.compile(
    r"[a-z][a-z0-9_]*"
)  # anything else did not come from Slack, but from on the way to it


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
class PostThreadAnew:
    """The headline of the thread that the message belongs to is gone."""


@dataclass(frozen=True)
class GiveUp:
    """It will never arrive: an alarm, once."""

    reason: str


Meaning = Later | Join | PostAnew | PostThreadAnew | GiveUp


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
    if status == http.client.TOO_MANY_REQUESTS or code in TOO_FAST:
        delay = _retry_after(error.response.headers) or backoff(attempts)
        return Later(delay, "ratelimited", scope_held=True)
    broken = status >= http.client.INTERNAL_SERVER_ERROR or not ERROR_CODE.fullmatch(code)
    if broken or code in PASSING:
        return Later(backoff(attempts), code or f"HTTP {status}", uncertain=True)
    if code in NEEDS_AN_ADMIN:
        return Later(TOKEN_BACKOFF, code)
    return _about_the_place(code)


def is_no_look_up(error: SlackApiError) -> bool:
    """Whether Slack does not let us read there, now or later: the token is good, and its answer was no passing trouble.

    In a private channel that needs groups:history (https://docs.slack.dev/reference/methods/conversations.history).
    """
    what = _refused(error, 0)
    return isinstance(what, GiveUp) or (isinstance(what, Later) and what.reason == SCOPE_IS_MISSING)


def _about_the_place(code: str) -> Meaning:
    if code == "not_in_channel":
        return Join()
    if code in MESSAGE_IS_GONE:
        return PostAnew()
    if code == THREAD_IS_GONE:
        return PostThreadAnew()
    return GiveUp(code)


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """https://docs.slack.dev/apis/web-api/rate-limits#responding: whole seconds."""
    seconds = str(headers.get("Retry-After", ""))
    return timedelta(seconds=int(seconds)) if seconds.isdecimal() else None


def backoff(attempts: int) -> timedelta:
    """1, 2, 4, … seconds, at most 30."""
    return min(FIRST_BACKOFF * (1 << min(attempts, 5)), LONGEST_BACKOFF)


def unforeseen_backoff(attempts: int) -> timedelta:
    """The same, for what only a person or another release can mend: at most 5 minutes."""
    return min(FIRST_BACKOFF * (1 << min(attempts, 9)), LONGEST_UNFORESEEN)


# What slack_sdk's WebClient raises for a call that got no answer, or one that cannot be read.
CALL_ERRORS = (
    SlackApiError,
    SlackRequestError,
    URLError,
    OSError,
    http.client.HTTPException,
    JSONDecodeError,
    UnicodeDecodeError,
)
