"""Posting, editing and deleting messages, and notifying people and the app."""

import re
from dataclasses import replace
from datetime import datetime

from slack_sandbox.config import AppConfig
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Channel, Content, Draft, Message
from slack_sandbox.workspace.rendering import message_object
from slack_sandbox.workspace.state import Workspace


def post(workspace: Workspace, draft: Draft, now: datetime) -> Message:
    """Put a message into its channel. Raises SlackError: is_archived, thread_not_found."""
    channel = workspace.channel(draft.channel)
    if channel.is_archived:
        raise SlackError("is_archived")
    thread_ts = thread_of(workspace, channel, draft.thread_ts)
    broadcast = draft.broadcast and thread_ts is not None
    message = Message(
        channel=channel.id,
        ts=workspace.new_ts(now),
        author=draft.author,
        content=draft.content,
        metadata=draft.metadata,
        thread_ts=thread_ts,
        broadcast=broadcast,
        subtype="thread_broadcast" if broadcast else draft.subtype,
        files=draft.files,
    )
    workspace.histories[channel.id].add(message)
    _tell_posted(workspace, channel, message)
    return message


def thread_of(workspace: Workspace, channel: Channel, thread_ts: str | None) -> str | None:
    """The parent that a reply belongs to: a reply to a reply goes to the same thread."""
    if not thread_ts:
        return None
    parent = workspace.histories[channel.id].get(thread_ts)
    if parent is None:
        raise SlackError("thread_not_found")
    return parent.thread_ts or parent.ts


def post_ephemeral(workspace: Workspace, draft: Draft, to_user: str, now: datetime) -> Message:
    """Show a message to one person. Raises SlackError ``user_not_in_channel``."""
    channel = workspace.channel(draft.channel)
    if to_user not in channel.members:
        raise SlackError("user_not_in_channel")
    message = Message(
        channel=channel.id,
        ts=workspace.new_ts(now),
        author=draft.author,
        content=draft.content,
        thread_ts=draft.thread_ts,
        ephemeral_to=to_user,
    )
    workspace.ephemerals[channel.id][message.ts] = message
    tell_ephemeral(workspace, message)
    return message


def edit(
    workspace: Workspace, message: Message, content: Content, metadata: Json | None, now: datetime
) -> Message:
    """Show other content in the same place.

    A message with blocks does not get the ``edited`` flag, one of text alone does:
    https://docs.slack.dev/reference/methods/chat.update
    """
    edited = {"user": message.author.user, "ts": workspace.new_ts(now)}
    changed = replace(
        message, content=content, metadata=metadata, edited=message.edited if content.blocks else edited
    )
    workspace.histories[message.channel].replace(changed)
    tell_changed(workspace, changed, previous=message)
    return changed


def show_changed(workspace: Workspace, message: Message) -> None:
    """Keep and show a message that changed in what surrounds it, such as reactions: no edit."""
    workspace.histories[message.channel].replace(message)
    _show(workspace, "message_changed", message)


def delete(workspace: Workspace, message: Message) -> None:
    """Take a message away. One that has replies leaves a tombstone, as in Slack."""
    history = workspace.histories[message.channel]
    if history.replies(message.ts):
        tombstone = replace(
            message, content=Content("This message was deleted."), metadata=None, subtype="tombstone"
        )
        history.replace(tombstone)
        tell_changed(workspace, tombstone, previous=message)
        return
    history.remove(message)
    _unpin(workspace, message)
    _tell_deleted(workspace, message)


def _unpin(workspace: Workspace, message: Message) -> None:
    channel = workspace.channels[message.channel]
    kept = tuple(pin for pin in channel.pins if pin.ts != message.ts)
    workspace.channels[channel.id] = replace(channel, pins=kept)


def delete_ephemeral(workspace: Workspace, message: Message) -> None:
    if workspace.ephemerals[message.channel].pop(message.ts, None):
        data = {"channel": message.channel, "ts": message.ts}
        workspace.announcer.to_people("ephemeral_deleted", data, frozenset([message.ephemeral_to or ""]))


def replace_ephemeral(workspace: Workspace, message: Message, content: Content) -> None:
    changed = replace(message, content=content)
    workspace.ephemerals[message.channel][message.ts] = changed
    tell_ephemeral(workspace, changed)


def tell_ephemeral(workspace: Workspace, message: Message) -> None:
    data = {"channel": message.channel, "message": message_object(workspace, message, metadata=True)}
    workspace.announcer.to_people("ephemeral", data, frozenset([message.ephemeral_to or ""]))


def _show(workspace: Workspace, kind: str, message: Message) -> None:
    data = {"channel": message.channel, "message": message_object(workspace, message, metadata=True)}
    workspace.announcer.to_people(kind, data, workspace.audience(workspace.channels[message.channel]))


def _show_parent(workspace: Workspace, message: Message) -> None:
    if message.is_reply and message.thread_ts:
        parent = workspace.histories[message.channel].get(message.thread_ts)
        if parent:
            _show(workspace, "message_changed", parent)


def _tell_posted(workspace: Workspace, channel: Channel, message: Message) -> None:
    _show(workspace, "message", message)
    _show_parent(workspace, message)
    event = message_object(workspace, message, metadata=True) | _place(workspace, message)
    workspace.tell_members(channel, event)
    for app in _mentioned_apps(workspace, channel, message):
        mention = {name: value for name, value in event.items() if name not in ("channel_type", "metadata")}
        workspace.announcer.to_app({**mention, "type": "app_mention"}, app.id)


def _mentioned_apps(workspace: Workspace, channel: Channel, message: Message) -> list[AppConfig]:
    """In a direct message the app is spoken to anyway: https://docs.slack.dev/reference/events/app_mention"""
    if channel.is_im or message.author.bot_id:
        return []
    mentioned = set(re.findall(r"<@([A-Z0-9]+)(?:\|[^>]*)?>", message.content.text))
    return [app for app in workspace.apps.values() if app.bot_user_id in mentioned & set(channel.members)]


def tell_changed(workspace: Workspace, message: Message, previous: Message) -> None:
    _show(workspace, "message_changed", message)
    event = {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": message_object(workspace, message, metadata=True),
        "previous_message": message_object(workspace, previous, metadata=True),
        "ts": message.ts,
    }
    _tell_app_in(workspace, message, event)


def _tell_deleted(workspace: Workspace, message: Message) -> None:
    channel = workspace.channels[message.channel]
    data = {"channel": message.channel, "ts": message.ts}
    workspace.announcer.to_people("message_deleted", data, workspace.audience(channel))
    _show_parent(workspace, message)
    event = {"type": "message", "subtype": "message_deleted", "hidden": True, "deleted_ts": message.ts}
    previous = message_object(workspace, message, metadata=True)
    _tell_app_in(workspace, message, {**event, "ts": message.ts, "previous_message": previous})


def _tell_app_in(workspace: Workspace, message: Message, event: Json) -> None:
    workspace.tell_members(workspace.channels[message.channel], event | _place(workspace, message))


def _place(workspace: Workspace, message: Message) -> Json:
    channel = workspace.channels[message.channel]
    return {"channel": channel.id, "channel_type": channel.kind, "event_ts": message.ts}
