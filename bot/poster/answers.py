"""Decide from Slack's answer to a call what happens to the notice. Pure."""

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from json import JSONDecodeError
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.poster.refusals import ERROR_CODE, SORTED, About, about

FIRST_BACKOFF = timedelta(seconds=1)
LONGEST_BACKOFF = timedelta(seconds=30)
LONGEST_UNFORESEEN = timedelta(minutes=5)
TOKEN_BACKOFF = timedelta(minutes=1)


@dataclass(frozen=True)
class Later:
    """Retry after `delay`. `uncertain`: the call may have had its effect. `scope_held`: no notice is sent meanwhile."""

    delay: timedelta
    reason: str
    uncertain: bool = False
    scope_held: bool = False


@dataclass(frozen=True)
class Join:
    """Join the channel: the bot is not in it."""


@dataclass(frozen=True)
class PostAnew:
    """Post a new message: the one to update no longer exists."""


@dataclass(frozen=True)
class PostThreadAnew:
    """Post the thread's headline again: it no longer exists."""


@dataclass(frozen=True)
class GiveUp:
    """Stop trying: the message will never arrive. Logs one error."""

    reason: str


Meaning = Later | Join | PostAnew | PostThreadAnew | GiveUp


def meaning(error: Exception, attempts: int) -> Meaning:
    """Return what to do after a call that failed. `attempts`: how many were made."""
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
        return _too_fast(error, attempts)
    if status >= http.client.INTERNAL_SERVER_ERROR or not ERROR_CODE.fullmatch(code):
        return Later(backoff(attempts), code or f"HTTP {status}", uncertain=True)
    match about(code):
        case About.PACE:
            return _too_fast(error, attempts)
        case About.MOMENT:
            return Later(backoff(attempts), code, uncertain=True)
        case About.TOKEN | About.SCOPE:
            return Later(TOKEN_BACKOFF, code)
        case About.MEMBERSHIP:
            return Join()
        case About.MESSAGE:
            return PostAnew()
        case About.THREAD:
            return PostThreadAnew()
        case About.CHANNEL | About.CONTENT:
            return GiveUp(code)


def of_file(what: Meaning) -> Meaning:
    """Return what a refused upload means: without the scope for files we give up, since the output is elsewhere."""
    lacks_scope = isinstance(what, Later) and SORTED.get(what.reason) is About.SCOPE
    return GiveUp(what.reason) if isinstance(what, Later) and lacks_scope else what


def _too_fast(error: SlackApiError, attempts: int) -> Later:
    delay = _retry_after(error.response.headers) or backoff(attempts)
    return Later(delay, "ratelimited", scope_held=True)


def is_no_look_up(error: SlackApiError) -> bool:
    """Return True if Slack permanently refuses to let us read there, although the token is valid.

    Private channels need groups:history (https://docs.slack.dev/reference/methods/conversations.history).
    """
    code = str(error.response.get("error") or "")
    return isinstance(_refused(error, 0), GiveUp) or SORTED.get(code) is About.SCOPE


def is_scope_missing(error: SlackApiError) -> bool:
    """Return True if the app was not granted what this one method needs; everything else goes on."""
    return SORTED.get(str(error.response.get("error") or "")) is About.SCOPE


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return Slack's Retry-After, in whole seconds: https://docs.slack.dev/apis/web-api/rate-limits#responding."""
    seconds = str(headers.get("Retry-After", ""))
    return timedelta(seconds=int(seconds)) if seconds.isdecimal() else None


def backoff(attempts: int) -> timedelta:
    """Return 1, 2, 4, … seconds, at most 30."""
    return min(FIRST_BACKOFF * (1 << min(attempts, 5)), LONGEST_BACKOFF)


def unforeseen_backoff(attempts: int) -> timedelta:
    """Return 1, 2, 4, … seconds, at most 5 minutes, for errors that only a person or another release can fix."""
    return min(FIRST_BACKOFF * (1 << min(attempts, 9)), LONGEST_UNFORESEEN)


# What slack_sdk's WebClient raises for a refused call, for no answer, and for an unreadable one.
CALL_ERRORS = (
    SlackApiError,
    SlackRequestError,
    URLError,
    OSError,
    http.client.HTTPException,
    JSONDecodeError,
    UnicodeDecodeError,
)
