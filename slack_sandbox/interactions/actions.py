"""Clicks and choices in messages and modals.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from slack_sandbox.delivery.call_log import Delivery
from slack_sandbox.interactions.elements import (
    action_object,
    channel_name,
    current_values,
    failed,
    find_element,
    interaction_base,
)
from slack_sandbox.response_urls import ResponseUrl
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Message, User, View
from slack_sandbox.workspace.rendering import message_object, view_object
from slack_sandbox.workspace.state import Workspace


def message_acted_upon(workspace: Workspace, user: User, channel_id: str, ts: str) -> Message:
    """A message that this person can see, ephemeral or not. Raises SlackError."""
    channel = workspace.channel_for(user.id, channel_id)
    ephemeral = workspace.ephemerals[channel.id].get(ts)
    if ephemeral and ephemeral.ephemeral_to == user.id:
        return ephemeral
    return workspace.message(channel.id, ts)


async def act_in_message(
    sandbox: Sandbox, user: User, message: Message, given: Json, entered: Json, origin: str
) -> Json:
    """Tell the app about a click in a message, with a response URL and a trigger. Raises SlackError."""
    workspace, now = sandbox.workspace, sandbox.clock()
    if message.author.bot_id != workspace.app.bot_id:
        raise SlackError("invalid_action", sentence="Only the app's own messages can be acted upon.")
    payload = interaction_base(workspace, "block_actions", user, sandbox.triggers.issue(user.id, now))
    payload |= message_place(workspace, message)
    payload |= _what_was_done(list(message.content.blocks), given, entered, workspace.new_ts(now))
    app_id = workspace.app.id
    url = ResponseUrl(user.id, message.channel, now, message.ts, message.thread_ts, app_id=app_id)
    payload["response_url"] = f"{origin}/response/{sandbox.response_urls.issue(url)}"
    return await _deliver(sandbox, user, payload)


async def act_in_view(sandbox: Sandbox, user: User, view: View, given: Json, entered: Json) -> Json:
    """Tell the app about a choice in a modal, with a trigger to push with. Raises SlackError."""
    workspace, now = sandbox.workspace, sandbox.clock()
    done = _what_was_done(view.definition["blocks"], given, entered, workspace.new_ts(now))
    remembered = workspace.remember(view, done["state"]["values"])
    payload = interaction_base(
        workspace, "block_actions", user, sandbox.triggers.issue(user.id, now, view.id)
    )
    payload |= {
        "container": {"type": "view", "view_id": view.id},
        "view": view_object(workspace, remembered),
        "actions": done["actions"],
    }
    return await _deliver(sandbox, user, payload)


def message_place(workspace: Workspace, message: Message) -> Json:
    """Where a message stands, as the payloads of what was done in it say."""
    channel = workspace.channels[message.channel]
    ephemeral = message.ephemeral_to is not None
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    place: Json = {"container": container, "channel": {"id": channel.id, "name": channel_name(channel)}}
    return place if ephemeral else place | {"message": message_object(workspace, message, metadata=True)}


def _what_was_done(blocks: list[Json], given: Json, entered: Json, action_ts: str) -> Json:
    block_id, action_id = str(given.get("block_id")), str(given.get("action_id"))
    element = find_element(blocks, block_id, action_id)
    action = action_object(element, block_id, given, action_ts)
    return {"actions": [action], "state": {"values": current_values(blocks, entered, action)}}


async def _deliver(sandbox: Sandbox, user: User, payload: Json) -> Json:
    acknowledgement = await sandbox.courier.deliver(Delivery("interactive", payload))
    if not acknowledgement.accepted:
        return failed(sandbox, user.id, "This action", acknowledgement)
    return {"ok": True}
