"""An incident's own Slack channel: made once, found again after a crash, its team invited."""

import re
import unicodedata

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

LONGEST_NAME = 80  # https://docs.slack.dev/reference/methods/conversations.create/#naming
LONGEST_TOPIC = 250

log = structlog.get_logger()


def channel_name(number: int, title: str) -> str:
    """`inc-12-orders-db-down`: lowercase letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return f"inc-{number}-{slug}"[:LONGEST_NAME].rstrip("-")


def make_channel(client: WebClient, name: str, topic: str, members: list[str]) -> str:
    """The id of the channel with this name. Raises what WebClient raises."""
    channel = _create_or_find(client, name)
    client.conversations_setTopic(channel=channel, topic=topic[:LONGEST_TOPIC])
    for member in members:
        _invite(client, channel, member)
    return channel


def _create_or_find(client: WebClient, name: str) -> str:
    try:
        return str(client.conversations_create(name=name)["channel"]["id"])
    except SlackApiError as error:
        found = _channel_named(client, name) if error.response["error"] == "name_taken" else None
        if found is None:
            raise
        return found


def _channel_named(client: WebClient, name: str) -> str | None:
    for page in client.conversations_list(exclude_archived=True, limit=200):
        for channel in page["channels"]:
            if channel["name"] == name:
                return str(channel["id"])
    return None


def _invite(client: WebClient, channel: str, member: str) -> None:
    """One by one: a person who left the workspace must not keep the others out."""
    try:
        client.conversations_invite(channel=channel, users=member)
    except SlackApiError as error:
        if error.response["error"] not in ("already_in_channel", "cant_invite_self"):
            log.warning("not invited", channel=channel, member=member, error=error.response["error"])
