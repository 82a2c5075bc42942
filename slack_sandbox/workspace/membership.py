"""Creating, joining and archiving channels."""

import re
from dataclasses import replace
from datetime import datetime

from slack_sandbox.values import Json, SlackError, new_id
from slack_sandbox.workspace.models import Author, Channel, Content, Draft
from slack_sandbox.workspace.posting import post
from slack_sandbox.workspace.state import Workspace

CHANNEL_NAME_LENGTH = 80
"""https://docs.slack.dev/reference/methods/conversations.create#naming"""
TOPIC_LENGTH = 250
"""https://docs.slack.dev/reference/methods/conversations.setTopic"""


def name_refusal(name: str) -> str | None:
    """Slack's name for what is wrong with a channel name, or None."""
    if not name:
        return "invalid_name_required"
    if len(name) > CHANNEL_NAME_LENGTH:
        return "invalid_name_maxlength"
    if not re.search(r"\w", name):
        return "invalid_name_punctuation"
    if name != name.lower() or not re.fullmatch(r"[\w-]+", name):
        return "invalid_name_specials"
    return None


def refuse_name(workspace: Workspace, name: str) -> None:
    """Raises SlackError: name_taken, invalid_name_…"""
    error = name_refusal(name)
    if error:
        raise SlackError(error)
    if any(channel.name == name for channel in workspace.channels.values() if not channel.is_im):
        raise SlackError("name_taken")


def create(
    workspace: Workspace, creator: str, name: str, now: datetime, *, is_private: bool = False
) -> Channel:
    """A new channel with its creator in it. Raises SlackError: name_taken, invalid_name_…"""
    refuse_name(workspace, name)
    channel = Channel(new_id("C"), name, now, (), creator=creator, is_private=is_private)
    workspace.add_channel(channel)
    if not is_private:
        details = {"id": channel.id, "name": name, "creator": creator, "created": int(now.timestamp())}
        workspace.announcer.to_app({"type": "channel_created", "channel": details})
    return join(workspace, channel, creator, now)


def open_direct_message(workspace: Workspace, user: str, now: datetime) -> Channel:
    """The direct message of this person with the app: the one there is, or a new one."""
    members = (workspace.person(user).id, workspace.app.bot_user_id)
    for channel in workspace.channels.values():
        if channel.is_im and channel.members == members:
            return channel
    channel = Channel(new_id("D"), workspace.app.name, now, members, is_im=True, is_private=True)
    workspace.add_channel(channel)
    tell_channel(workspace, channel)
    return channel


def join(
    workspace: Workspace, channel: Channel, user: str, now: datetime, *, inviter: str | None = None
) -> Channel:
    """Take somebody into the channel; it stays as it is when they are in already."""
    if channel.is_archived:
        raise SlackError("is_archived")
    if user in channel.members:
        return channel
    joined = replace(channel, members=(*channel.members, user))
    store(workspace, joined)
    say(workspace, joined, user, "channel_join", f"<@{user}> has joined the channel", now)
    event: Json = {"user": user, "channel": channel.id, "channel_type": "G" if channel.is_private else "C"}
    if inviter:
        event["inviter"] = inviter
    workspace.tell_members(joined, {"type": "member_joined_channel", "team": workspace.team.id, **event})
    return joined


def leave(
    workspace: Workspace, channel: Channel, user: str, now: datetime, *, by: str | None = None
) -> Channel:
    """``by`` names who took them out, if somebody else did. Raises SlackError ``not_in_channel``."""
    if user not in channel.members:
        raise SlackError("not_in_channel")
    say(workspace, channel, user, "channel_leave", f"<@{user}> has left the channel", now)
    left = replace(channel, members=tuple(member for member in channel.members if member != user))
    store(workspace, left, also=user)
    event = {"type": "member_left_channel", "user": user, "channel": channel.id}
    event |= {"channel_type": "G" if channel.is_private else "C", "team": workspace.team.id}
    workspace.tell_members(channel, event)
    app = workspace.app_of(user)
    if app:
        prefix = "group" if channel.is_private else "channel"
        gone = {"type": f"{prefix}_left", "channel": channel.id, "actor_id": by or user}
        workspace.announcer.to_app(gone, app.id)
    return left


def rename(workspace: Workspace, channel: Channel, user: str, name: str, now: datetime) -> Channel:
    """Raises SlackError: is_archived, name_taken, invalid_name_…"""
    if channel.is_archived:
        raise SlackError("is_archived")
    refuse_name(workspace, name)
    renamed = replace(channel, name=name)
    store(workspace, renamed)
    text = f'<@{user}> has renamed the channel from "{channel.name}" to "{name}"'
    say(workspace, renamed, user, "channel_name", text, now)
    prefix = "group" if channel.is_private else "channel"
    details = {"id": channel.id, "name": name, "created": int(channel.created.timestamp())}
    workspace.tell_members(renamed, {"type": f"{prefix}_rename", "channel": details})
    return renamed


def make_private(workspace: Workspace, channel: Channel) -> Channel:
    """From now on only its members see it; an app is told nothing of that."""
    changed = replace(channel, is_private=True)
    everybody = workspace.audience(channel)
    workspace.channels[channel.id] = changed
    workspace.announcer.to_people("channel", {"channel": channel_for_people(changed)}, everybody)
    return changed


def archive(workspace: Workspace, channel: Channel, user: str, now: datetime) -> Channel:
    """Raises SlackError: already_archived, cant_archive_general."""
    if channel.is_archived:
        raise SlackError("already_archived")
    if channel.name == "general":
        raise SlackError("cant_archive_general", sentence="The #general channel cannot be archived.")
    say(workspace, channel, user, "channel_archive", f"<@{user}> archived the channel", now)
    return _switch_archived(workspace, channel, user, is_archived=True)


def unarchive(workspace: Workspace, channel: Channel, user: str) -> Channel:
    if not channel.is_archived:
        raise SlackError("not_archived")
    return _switch_archived(workspace, channel, user, is_archived=False)


def _switch_archived(workspace: Workspace, channel: Channel, user: str, *, is_archived: bool) -> Channel:
    changed = replace(channel, is_archived=is_archived)
    store(workspace, changed)
    kind = "archive" if is_archived else "unarchive"
    prefix = "group" if channel.is_private else "channel"
    workspace.tell_members(changed, {"type": f"{prefix}_{kind}", "channel": channel.id, "user": user})
    return changed


def set_topic(workspace: Workspace, channel: Channel, user: str, topic: str, now: datetime) -> Channel:
    """Raises SlackError: is_archived, too_long."""
    if channel.is_archived:
        raise SlackError("is_archived")
    if len(topic) > TOPIC_LENGTH:
        raise SlackError("too_long")
    changed = replace(channel, topic=topic)
    store(workspace, changed)
    say(workspace, changed, user, "channel_topic", f"<@{user}> set the channel topic: {topic}", now)
    return changed


def set_purpose(workspace: Workspace, channel: Channel, purpose: str) -> Channel:
    if len(purpose) > TOPIC_LENGTH:
        raise SlackError("too_long")
    changed = replace(channel, purpose=purpose)
    store(workspace, changed)
    return changed


def channel_for_people(channel: Channel) -> Json:
    """How a channel looks on the people's side. ``is_member`` is added for the one who looks."""
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "is_archived": channel.is_archived,
        "is_private": channel.is_private,
        "is_im": channel.is_im,
        "members": list(channel.members),
        "bookmarks": list(channel.bookmarks),
        "pins": [pin.ts for pin in channel.pins],
    }


def tell_channel(workspace: Workspace, channel: Channel, also: str | None = None) -> None:
    audience = workspace.audience(channel)
    if audience is not None and also:
        audience |= {also}
    workspace.announcer.to_people("channel", {"channel": channel_for_people(channel)}, audience)


def store(workspace: Workspace, channel: Channel, also: str | None = None) -> None:
    """Keep a changed channel, and show it to those who see it."""
    workspace.channels[channel.id] = channel
    tell_channel(workspace, channel, also)


def say(workspace: Workspace, channel: Channel, user: str, subtype: str, text: str, now: datetime) -> None:
    """A line about the channel, such as "… has joined the channel"."""
    app = workspace.app_of(user)
    author = Author(user, app.bot_id, app.id) if app else Author(user)
    post(workspace, Draft(channel.id, author, Content(text), subtype=subtype), now)
