"""Slack's objects in the format of its Web API and events: message, conversation, user, view."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slack_sandbox.values import Json, ts_microseconds
from slack_sandbox.workspace.files import file_object
from slack_sandbox.workspace.models import Author, Channel, Message, User, View
from slack_sandbox.workspace.state import Workspace


def message_object(workspace: Workspace, message: Message, *, metadata: bool) -> Json:
    """https://docs.slack.dev/reference/events/message, with ``metadata`` for those who ask for it."""
    rendered: Json = {"type": "message", "ts": message.ts, "text": message.content.text}
    rendered |= _author_fields(workspace, message)
    optional: Json = {
        "subtype": message.subtype,
        "blocks": list(message.content.blocks),
        "attachments": list(message.content.attachments),
        "thread_ts": message.thread_ts,
        "edited": message.edited,
        "reactions": _reactions(message),
        "metadata": message.metadata if metadata else None,
        "files": _files(workspace, message),
        "pinned_to": _pinned_to(workspace, message),
    }
    rendered |= {name: value for name, value in optional.items() if value}
    if message.ephemeral_to:
        return rendered | {"ephemeral": True}
    return rendered | _thread_fields(message, workspace.histories[message.channel].replies(message.ts))


def _files(workspace: Workspace, message: Message) -> list[Json]:
    files = filter(None, map(workspace.files.get, message.files))
    return [file_object(file, workspace.team.id) for file in files]


def _pinned_to(workspace: Workspace, message: Message) -> list[str]:
    pins = workspace.channels[message.channel].pins
    return [message.channel] if any(pin.ts == message.ts for pin in pins) else []


def _author_fields(workspace: Workspace, message: Message) -> Json:
    author = message.author
    user = workspace.users.get(author.user)
    fields: Json = {"user": author.user, "team": (user and user.team_id) or workspace.team.id}
    if author.bot_id is None:
        return fields
    fields |= {
        "bot_id": author.bot_id,
        "app_id": author.app_id,
        "bot_profile": _bot_profile(workspace, author),
    }
    if author.username:
        fields["username"] = author.username
    if author.icons:
        fields["icons"] = author.icons
    return fields


def _bot_profile(workspace: Workspace, author: Author) -> Json:
    app = workspace.apps.get(author.app_id or "", workspace.app)
    return {
        "id": app.bot_id,
        "app_id": app.id,
        "name": app.name,
        "team_id": workspace.team.id,
        "deleted": False,
    }


def _reactions(message: Message) -> list[Json]:
    names = dict.fromkeys(name for name, _ in message.reactions)
    by_name = {name: [user for given, user in message.reactions if given == name] for name in names}
    return [{"name": name, "users": users, "count": len(users)} for name, users in by_name.items()]


def _thread_fields(message: Message, replies: Sequence[Message]) -> Json:
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.author.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": False,
    }


def conversation_object(workspace: Workspace, channel: Channel) -> Json:
    """https://docs.slack.dev/reference/objects/conversation-object"""
    created = int(channel.created.timestamp())
    rendered: Json = {
        "id": channel.id,
        "created": created,
        "creator": channel.creator,
        "is_archived": channel.is_archived,
        "is_im": channel.is_im,
        "is_org_shared": False,
        "is_member": workspace.app.bot_user_id in channel.members,
    }
    if channel.is_im:
        return rendered | {"user": channel.members[0]}
    return rendered | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_general": channel.name == "general",
        "is_shared": channel.is_ext_shared,
        "is_ext_shared": channel.is_ext_shared,
        "context_team_id": workspace.team.id,
        "topic": {"value": channel.topic, "creator": channel.creator, "last_set": created},
        "purpose": {"value": channel.purpose, "creator": channel.creator, "last_set": created},
        "num_members": len(channel.members),
    }


def user_object(workspace: Workspace, user: User, now: datetime) -> Json:
    """https://docs.slack.dev/reference/objects/user-object"""
    local = now.astimezone(ZoneInfo(user.tz))
    offset = local.utcoffset() or timedelta(0)
    return {
        "id": user.id,
        "team_id": user.team_id or workspace.team.id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "color": user.color.lstrip("#"),
        "tz": user.tz,
        "tz_label": "Coordinated Universal Time" if user.tz == "Etc/UTC" else str(local.tzname()),
        "tz_offset": int(offset.total_seconds()),
        "profile": {
            "real_name": user.real_name,
            "display_name": user.name,
            "title": user.title,
            "email": f"{user.name}@{workspace.team.domain}.example",
        },
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted or user.is_ultra_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        **({"is_stranger": True} if user.is_stranger else {}),
        "is_email_confirmed": not user.is_bot,
        "updated": 0,
    }


def view_object(workspace: Workspace, view: View) -> Json:
    """https://docs.slack.dev/reference/views - with ``state.values`` as they were last sent."""
    app = workspace.apps.get(view.app_id, workspace.app)
    defaults: Json = {
        "title": None,
        "submit": None,
        "close": None,
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit_disabled": False,
    }
    return {
        **defaults,
        **view.definition,
        "id": view.id,
        "team_id": workspace.team.id,
        "state": {"values": view.values},
        "hash": view.hash,
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
        "app_id": app.id,
        "app_installed_team_id": workspace.team.id,
        "bot_id": app.bot_id,
    }


def permalink(origin: str, message: Message) -> str:
    """https://docs.slack.dev/reference/methods/chat.getPermalink"""
    link = f"{origin}/archives/{message.channel}/p{ts_microseconds(message.ts)}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={message.channel}"
    return link
