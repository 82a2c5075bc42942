"""Pins and bookmarks of a channel, which its header shows.

https://docs.slack.dev/reference/methods/pins.add and https://docs.slack.dev/reference/methods/bookmarks.add
"""

from dataclasses import replace
from datetime import datetime

from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.membership import say, store
from slack_sandbox.workspace.models import Channel, Message, Pin
from slack_sandbox.workspace.posting import show_changed
from slack_sandbox.workspace.rendering import message_object
from slack_sandbox.workspace.state import Workspace

MOST_BOOKMARKS = 100
"""https://docs.slack.dev/reference/methods/bookmarks.add#usage-info"""
MOST_PINS = 100


def pin(workspace: Workspace, message: Message, user: str, now: datetime) -> None:
    """Raises SlackError: already_pinned, too_many_pins."""
    channel = workspace.channels[message.channel]
    if any(pinned.ts == message.ts for pinned in channel.pins):
        raise SlackError("already_pinned")
    if len(channel.pins) >= MOST_PINS:
        raise SlackError("too_many_pins")
    added = Pin(message.ts, user, now)
    changed = replace(channel, pins=(*channel.pins, added))
    store(workspace, changed)
    show_changed(workspace, message)
    say(workspace, changed, user, "pinned_item", f"<@{user}> pinned a message to this channel.", now)
    _tell(workspace, changed, "pin_added", added)


def unpin(workspace: Workspace, message: Message, user: str) -> None:
    """Raises SlackError ``no_pin``."""
    channel = workspace.channels[message.channel]
    gone = next((pinned for pinned in channel.pins if pinned.ts == message.ts), None)
    if gone is None:
        raise SlackError("no_pin")
    changed = replace(channel, pins=tuple(pinned for pinned in channel.pins if pinned is not gone))
    store(workspace, changed)
    show_changed(workspace, message)
    _tell(workspace, changed, "pin_removed", replace(gone, user=user))


def pin_object(workspace: Workspace, channel: Channel, pinned: Pin) -> Json:
    """https://docs.slack.dev/reference/methods/pins.list"""
    message = workspace.message(channel.id, pinned.ts)
    return {
        "type": "message",
        "channel": channel.id,
        "created": int(pinned.created.timestamp()),
        "created_by": pinned.user,
        "message": message_object(workspace, message, metadata=False),
    }


def _tell(workspace: Workspace, channel: Channel, kind: str, pinned: Pin) -> None:
    """https://docs.slack.dev/reference/events/pin_added"""
    item = pin_object(workspace, channel, pinned)
    event = {"type": kind, "user": pinned.user, "channel_id": channel.id, "item": item}
    rest = {"has_pins": bool(channel.pins)} if kind == "pin_removed" else {}
    workspace.tell_members(channel, event | rest)


def put_bookmark(workspace: Workspace, channel: Channel, bookmark: Json) -> None:
    """Add it, or put it in the place of the one with its id. Raises SlackError ``too_many_bookmarks``."""
    known = {each["id"]: each for each in channel.bookmarks}
    known[bookmark["id"]] = bookmark
    if len(known) > MOST_BOOKMARKS:
        raise SlackError("too_many_bookmarks")
    store(workspace, replace(channel, bookmarks=tuple(known.values())))


def remove_bookmark(workspace: Workspace, channel: Channel, bookmark_id: str) -> None:
    kept = tuple(each for each in channel.bookmarks if each["id"] != bookmark_id)
    store(workspace, replace(channel, bookmarks=kept))
