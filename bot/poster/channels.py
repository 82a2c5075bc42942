"""Create an incident's own Slack channel once, find it again after a crash, and invite its team.

What the app has no scope for is left out and logged: a channel without a topic is better than none.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeGuard

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from core.tables import Incident

from .answers import GiveUp, Later, Meaning, is_scope_missing, meaning

LONGEST_NAME = 80  # https://docs.slack.dev/reference/methods/conversations.create/#naming
LONGEST_TOPIC = 250  # https://docs.slack.dev/reference/methods/conversations.setTopic
MOST_NAMES = 20
PERSON = re.compile(r"[UW][A-Z0-9]+")
PAGE = 999  # https://docs.slack.dev/reference/methods/conversations.list: under 1000
CLOCKS_DIFFER = timedelta(minutes=1)

log = structlog.get_logger()


@dataclass(frozen=True)
class NewChannel:
    """The channel to create for an incident that was opened at `since`; an older channel is never taken for it."""

    name: str
    topic: str
    members: Sequence[str]
    since: datetime
    is_private: bool = False


def wanted_channel(incident: Incident, members: Sequence[str]) -> NewChannel:
    """Return the channel to make: for the team's people, and for the person who opened the incident."""
    opener = [incident.opened_by] if PERSON.fullmatch(incident.opened_by) else []
    name = channel_name(incident.number, incident.title)
    invited = list(dict.fromkeys([*members, *opener]))
    is_private = incident.team.private_channels
    return NewChannel(name, incident.title, invited, incident.created_at, is_private=is_private)


def is_final(what: Meaning) -> TypeGuard[GiveUp | Later]:
    """Return whether a channel that could not be made needs an admin: then people are told."""
    return isinstance(what, GiveUp) or (isinstance(what, Later) and what.reason == "missing_scope")


def channel_name(number: int, title: str) -> str:
    """Return `inc-12-orders-db-down`: lowercase letters, digits and hyphens, at most 80 characters."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return f"inc-{number}-{slug}"[:LONGEST_NAME].rstrip("-")


def names_to_try(name: str) -> Iterator[str]:
    """Yield the name, then `name-2`, `name-3`, …: archived channels keep their names, and people may have taken one."""
    yield name
    for number in range(2, MOST_NAMES + 1):
        suffix = f"-{number}"
        yield name[: LONGEST_NAME - len(suffix)] + suffix


def make_channel(client: WebClient, wanted: NewChannel) -> str:
    """Create or find the channel and return its id. Raises WebClient's errors where another attempt may succeed."""
    channel = _create_or_find(client, wanted)
    try:
        client.conversations_setTopic(channel=channel, topic=wanted.topic[:LONGEST_TOPIC])
    except SlackApiError as error:
        _log_refusal(error, "topic not set", channel)
    _invite(client, channel, wanted.members)
    return channel


def _create_or_find(client: WebClient, wanted: NewChannel) -> str:
    *names, last = names_to_try(wanted.name)
    for name in names:
        try:
            return _create(client, name, wanted)
        except SlackApiError as error:
            if error.response["error"] != "name_taken":
                raise
        found = _own_channel(client, name, wanted)
        if found is not None:
            return found
    return _create(client, last, wanted)


def _create(client: WebClient, name: str, wanted: NewChannel) -> str:
    """https://docs.slack.dev/reference/methods/conversations.create: private channels need `groups:write`."""
    answer = client.conversations_create(name=name, is_private=wanted.is_private or None)
    return str(answer["channel"]["id"])


def _own_channel(client: WebClient, name: str, wanted: NewChannel) -> str | None:
    """Return the channel that an earlier attempt of ours created, or None; never somebody else's."""
    ourselves = client.auth_test()["user_id"]
    oldest = (wanted.since - CLOCKS_DIFFER).timestamp()
    types = "private_channel" if wanted.is_private else None
    for page in client.conversations_list(exclude_archived=True, limit=PAGE, types=types):
        for channel in page["channels"]:
            is_ours = channel["name"] == name and channel["creator"] == ourselves
            is_same = bool(channel.get("is_private")) is wanted.is_private
            if is_ours and is_same and channel["is_member"] and channel["created"] >= oldest:
                return str(channel["id"])
    return None


def _invite(client: WebClient, channel: str, members: Sequence[str]) -> None:
    """Invite all at once, then those missing one by one: one person who left must not keep the others out."""
    if members:
        _try_invite(client, channel, members)
        for member in _try_missing(client, channel, members):
            _try_invite(client, channel, [member])


def _try_missing(client: WebClient, channel: str, members: Sequence[str]) -> list[str]:
    try:
        return _missing(client, channel, members)
    except SlackApiError as error:
        _log_refusal(error, "members not listed", channel)
        return []


def _try_invite(client: WebClient, channel: str, members: Sequence[str]) -> None:
    try:
        client.conversations_invite(channel=channel, users=members, force=True)
    except SlackApiError as error:
        _log_refusal(error, "not invited", channel, members=members)


def _missing(client: WebClient, channel: str, members: Sequence[str]) -> list[str]:
    pages = client.conversations_members(channel=channel, limit=PAGE)
    there = {member for page in pages for member in page["members"]}
    return [member for member in members if member not in there]


def _log_refusal(error: SlackApiError, what: str, channel: str, **details: object) -> None:
    """Log the refusal. Raises the error again if another attempt may succeed."""
    if isinstance(meaning(error, 0), Later) and not is_scope_missing(error):
        raise error
    if error.response["error"] not in ("already_in_channel", "cant_invite_self"):
        log.warning(what, channel=channel, error=error.response["error"], **details)
