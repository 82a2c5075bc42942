"""Messages for later. https://docs.slack.dev/reference/methods/chat.scheduleMessage"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from slack_sandbox.rate_limits import TIER_3
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError, new_id
from slack_sandbox.web_api.chat import author_of, content_of, metadata_of, writable_channel
from slack_sandbox.web_api.history import page
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.models import Draft, Scheduled
from slack_sandbox.workspace.posting import post

FURTHEST = timedelta(days=120)
MOST_IN_WINDOW = 30
WINDOW_SECONDS = 300
LOOK_EVERY_SECONDS = 0.25
"""The clock may be moved meanwhile."""


def schedule(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.scheduleMessage"""
    channel = writable_channel(call)
    if channel.is_archived:
        raise SlackError("is_archived")
    post_at = _moment(call)
    near = [
        other
        for other in call.workspace.scheduled.values()
        if other.draft.channel == channel.id and abs(other.post_at - post_at) < WINDOW_SECONDS
    ]
    if len(near) >= MOST_IN_WINDOW:
        raise SlackError("restricted_too_many")
    thread_ts = call.arguments.text("thread_ts") or None
    broadcast = call.arguments.flag("reply_broadcast")
    draft = Draft(channel.id, author_of(call), content_of(call), metadata_of(call), thread_ts, broadcast)
    planned = Scheduled(new_id("Q"), draft, post_at, call.now)
    call.workspace.scheduled[planned.id] = planned
    call.sandbox.dispatcher.in_background(_post_when_due(call.sandbox, planned))
    message = {
        "text": draft.content.text,
        "bot_id": draft.author.bot_id,
        "type": "delayed_message",
        "subtype": "bot_message",
    }
    return {
        "channel": channel.id,
        "scheduled_message_id": planned.id,
        "post_at": post_at,
        "message": message,
    }


def _moment(call: Call) -> int:
    try:
        post_at = int(call.arguments.required("post_at"))
    except ValueError as error:
        raise SlackError("invalid_time") from error
    now = call.now.timestamp()
    if post_at <= now:
        raise SlackError("time_in_past")
    if post_at > now + FURTHEST.total_seconds():
        raise SlackError("time_too_far")
    return post_at


async def _post_when_due(sandbox: Sandbox, planned: Scheduled) -> None:
    workspace = sandbox.workspace
    while planned.id in workspace.scheduled and sandbox.clock().timestamp() < planned.post_at:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    if workspace.scheduled.pop(planned.id, None):
        with suppress(SlackError):
            post(workspace, planned.draft, sandbox.clock())


def list_scheduled(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.scheduledMessages.list"""
    channel = call.arguments.text("channel")
    wanted = [
        {
            "id": planned.id,
            "channel_id": planned.draft.channel,
            "post_at": planned.post_at,
            "date_created": int(planned.created.timestamp()),
            "text": planned.draft.content.text,
        }
        for planned in sorted(call.workspace.scheduled.values(), key=lambda each: each.post_at)
        if not channel or planned.draft.channel == channel
    ]
    shown, cursor = page(wanted, call.arguments)
    return {"scheduled_messages": shown, "response_metadata": {"next_cursor": cursor}}


def delete_scheduled(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/chat.deleteScheduledMessage"""
    planned = call.workspace.scheduled.get(call.arguments.required("scheduled_message_id"))
    if planned is None or planned.draft.channel != call.channel().id:
        raise SlackError("invalid_scheduled_message_id")
    del call.workspace.scheduled[planned.id]
    return {}


METHODS = {
    "chat.scheduleMessage": Method(schedule, TIER_3),
    "chat.scheduledMessages.list": Method(list_scheduled, TIER_3),
    "chat.deleteScheduledMessage": Method(delete_scheduled, TIER_3),
}
