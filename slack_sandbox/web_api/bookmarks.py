"""bookmarks.*: links in the header of a channel. https://docs.slack.dev/reference/methods?family=bookmarks"""

import re

from slack_sandbox.rate_limits import TIER_2, TIER_3
from slack_sandbox.values import Json, SlackError, new_id
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.models import Channel
from slack_sandbox.workspace.pins import put_bookmark, remove_bookmark


def add(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/bookmarks.add"""
    channel = call.own_channel("channel_id")
    if call.arguments.required("type") != "link":
        raise SlackError("invalid_bookmark_type")
    bookmark: Json = {
        "id": new_id("Bk"),
        "channel_id": channel.id,
        "title": call.arguments.required("title"),
        "link": checked_link(call.arguments.text("link")),
        "emoji": checked_emoji(call.arguments.text("emoji")),
        "icon_url": None,
        "type": "link",
        "entity_id": None,
        "date_created": int(call.now.timestamp()),
        "date_updated": 0,
        "rank": "i" * (len(channel.bookmarks) + 1),
        "last_updated_by_user_id": call.app_user,
        "last_updated_by_team_id": call.workspace.team.id,
        "shortcut_id": None,
        "app_id": call.workspace.app.id,
    }
    put_bookmark(call.workspace, channel, bookmark)
    return {"bookmark": bookmark}


def edit(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/bookmarks.edit"""
    channel = call.own_channel("channel_id")
    changed = {**_bookmark(call, channel), "date_updated": int(call.now.timestamp())}
    if "title" in call.arguments:
        changed["title"] = call.arguments.required("title")
    if "link" in call.arguments:
        changed["link"] = checked_link(call.arguments.text("link"))
    if "emoji" in call.arguments:
        changed["emoji"] = checked_emoji(call.arguments.text("emoji"))
    put_bookmark(call.workspace, channel, changed)
    return {"bookmark": changed}


def remove(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/bookmarks.remove"""
    channel = call.own_channel("channel_id")
    remove_bookmark(call.workspace, channel, _bookmark(call, channel)["id"])
    return {}


def list_bookmarks(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/bookmarks.list"""
    return {"bookmarks": list(call.own_channel("channel_id").bookmarks)}


def checked_link(link: str) -> str:
    """Raises SlackError ``invalid_link``."""
    if not link.startswith(("http://", "https://")):
        raise SlackError("invalid_link")
    return link


def checked_emoji(emoji: str) -> str:
    """Raises SlackError ``invalid_emoji``."""
    if emoji and not re.fullmatch(r":?[a-z0-9_+'-]+:?", emoji):
        raise SlackError("invalid_emoji")
    return emoji


def _bookmark(call: Call, channel: Channel) -> Json:
    wanted = call.arguments.required("bookmark_id")
    for bookmark in channel.bookmarks:
        if bookmark["id"] == wanted:
            return bookmark
    raise SlackError("not_found")


METHODS = {
    "bookmarks.add": Method(add, TIER_2, channel_argument="channel_id"),
    "bookmarks.edit": Method(edit, TIER_2, channel_argument="channel_id"),
    "bookmarks.remove": Method(remove, TIER_2, channel_argument="channel_id"),
    "bookmarks.list": Method(list_bookmarks, TIER_3, channel_argument="channel_id"),
}
