"""An incident's own Slack channel: made once, found again after a crash, its team invited."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from .answers import Later, meaning

LONGEST_NAME = 80  # https://docs.slack.dev/reference/methods/conversations.create/#naming
LONGEST_TOPIC = 250  # https://docs.slack.dev/reference/methods/conversations.setTopic
MOST_NAMES = 20
PAGE = 999  # https://docs.slack.dev/reference/methods/conversations.list: under 1000
CLOCKS_DIFFER = timedelta(minutes=1)

log = structlog.get_logger()


@dataclass(frozen=True)
class NewChannel:
    """The channel wanted for an incident that was opened at `since`: no older channel is this one."""

    name: str
    topic: str
    members: Sequence[str]
    since: datetime


def channel_name(number: int, title: str) -> str:
    """`inc-12-orders-db-down`: lowercase letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return f"inc-{number}-{slug}"[:LONGEST_NAME].rstrip("-")


def names_to_try(name: str) -> Iterator[str]:
    """The name, then `name-2`, `name-3`, …: an archived channel keeps its name, and people may have taken it."""
    yield name
    for number in range(2, MOST_NAMES + 1):
        suffix = f"-{number}"
        yield name[: LONGEST_NAME - len(suffix)] + suffix


def make_channel(client: WebClient, wanted: NewChannel) -> str:
    """The id of the channel. Raises what WebClient raises where another attempt may help."""
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
            return _create(client, name)
        except SlackApiError as error:
            if error.response["error"] != "name_taken":
                raise
        found = _own_channel(client, name, wanted.since)
        if found is not None:
            return found
    return _create(client, last)


def _create(client: WebClient, name: str) -> str:
    return str(client.conversations_create(name=name)["channel"]["id"])


def _own_channel(client: WebClient, name: str, since: datetime) -> str | None:
    """The channel that an attempt before this one made; not one that somebody else made, before or since."""
    ourselves = client.auth_test()["user_id"]
    oldest = (since - CLOCKS_DIFFER).timestamp()
    for page in client.conversations_list(exclude_archived=True, limit=PAGE):
        for channel in page["channels"]:
            is_ours = channel["name"] == name and channel["creator"] == ourselves
            if is_ours and channel["is_member"] and channel["created"] >= oldest:
                return str(channel["id"])
    return None


def _invite(client: WebClient, channel: str, members: Sequence[str]) -> None:
    """All at once, then one by one: a person who left the workspace must not keep the others out."""
    if members:
        _try_invite(client, channel, members)
        for member in _missing(client, channel, members):
            _try_invite(client, channel, [member])


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
    """Raises it again where another attempt may help."""
    if isinstance(meaning(error, 0), Later):
        raise error
    if error.response["error"] not in ("already_in_channel", "cant_invite_self"):
        log.warning(what, channel=channel, error=error.response["error"], **details)
