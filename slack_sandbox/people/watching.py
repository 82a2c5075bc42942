"""Reading: the state of the workspace as one person sees it, and the stream of its changes."""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from slack_sandbox.config import AppConfig
from slack_sandbox.people.answers import number_after, refused
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.membership import channel_for_people
from slack_sandbox.workspace.models import Channel, Message
from slack_sandbox.workspace.rendering import message_object, view_object
from slack_sandbox.workspace.state import Workspace


def state_for(sandbox: Sandbox, user_id: str) -> Json:
    """Everything a page needs to begin with; for the first person where it does not say for whom.

    Raises SlackError ``user_not_found``.
    """
    workspace = sandbox.workspace
    user = workspace.person(user_id or next(iter(workspace.users)))
    visible = [channel for channel in workspace.channels.values() if workspace.may_see(user.id, channel)]
    app, homes = workspace.app, homes_of(workspace, user.id)
    return {
        "ok": True,
        "team": workspace.team.model_dump(),
        "users": people_of(workspace),
        "app": app_for_people(app),
        "apps": [app_for_people(each) for each in workspace.apps.values()],
        "channels": [
            {**channel_for_people(channel), "is_member": user.id in channel.members} for channel in visible
        ],
        "messages": {channel.id: messages_in(workspace, channel) for channel in visible},
        "ephemerals": {channel.id: _ephemerals(workspace, channel, user.id) for channel in visible},
        "usergroups": usergroups_of(workspace),
        "emoji": sandbox.config.emoji,
        "read": workspace.read.get(user.id, {}),
        "home": homes.get(app.id),
        "homes": homes,
        "views": [view_object(workspace, view) for view in workspace.modals.stack(user.id)],
        "seq": sandbox.stream.seq,
    }


def app_for_people(app: AppConfig) -> Json:
    kept = app.model_dump(include={"id", "name", "bot_user_id", "command", "shortcuts", "home_tab"})
    return {**kept, "shortcuts": list(kept["shortcuts"])}


def people_of(workspace: Workspace) -> list[Json]:
    return [
        {
            "id": user.id,
            "name": user.name,
            "real_name": user.real_name,
            "title": user.title,
            "color": user.color,
            "deleted": user.deleted,
        }
        for user in workspace.users.values()
        if not user.is_bot
    ]


def homes_of(workspace: Workspace, user: str) -> Json:
    """What each app published for this person: {app id: view}."""
    found = {app_id: workspace.seen_by(app_id).homes.of(user) for app_id in workspace.apps}
    return {app_id: view_object(workspace, view) for app_id, view in found.items() if view}


def usergroups_of(workspace: Workspace) -> list[Json]:
    return [
        {"id": group.id, "handle": group.handle, "name": group.name}
        for group in workspace.usergroups.values()
    ]


def messages_in(workspace: Workspace, channel: Channel) -> list[Json]:
    return _rendered(workspace, list(workspace.histories[channel.id]))


def _ephemerals(workspace: Workspace, channel: Channel, user: str) -> list[Json]:
    mine = [message for message in workspace.ephemerals[channel.id].values() if message.ephemeral_to == user]
    return _rendered(workspace, mine)


def _rendered(workspace: Workspace, messages: list[Message]) -> list[Json]:
    return [message_object(workspace, message, metadata=True) for message in messages]


async def server_sent_events(sandbox: Sandbox, user: str, after: int) -> AsyncIterator[str]:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html"""
    yield ": connected\n\n"
    async for event in sandbox.stream.follow(user, after):
        if event is None:
            yield ": still here\n\n"
        else:
            yield f"id: {event.seq}\ndata: {json.dumps(event.as_seen_by(user))}\n\n"


async def stream(sandbox: Sandbox, request: Request) -> Response:
    """From ``after`` on; a browser that reconnects says ``Last-Event-ID`` itself; without either, from now on."""
    try:
        user = sandbox.workspace.person(request.query_params.get("user", ""))
        after = number_after(request.headers.get("last-event-id") or request.query_params.get("after", ""))
    except SlackError as error:
        return refused(error)
    start = sandbox.stream.seq if after is None else after
    events = server_sent_events(sandbox, user.id, start)
    return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})
