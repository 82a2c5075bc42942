"""Shortcuts of the app. https://docs.slack.dev/interactivity/implementing-shortcuts"""

from slack_sandbox.delivery.call_log import Delivery
from slack_sandbox.interactions.elements import channel_name, failed, interaction_base
from slack_sandbox.response_urls import ResponseUrl
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Message, User
from slack_sandbox.workspace.rendering import message_object


async def use_global_shortcut(sandbox: Sandbox, user: User, callback_id: str) -> Json:
    """Tell the app, with a trigger to open a modal. Raises SlackError."""
    name = _name_of(sandbox, "global", callback_id)
    payload = _payload(sandbox, user, "shortcut", callback_id)
    return await _deliver(sandbox, user, name, payload)


async def use_message_shortcut(
    sandbox: Sandbox, user: User, message: Message, callback_id: str, origin: str
) -> Json:
    """Tell the app about the message, too, with a response URL. Ephemeral messages offer no shortcuts.

    Raises SlackError.
    """
    name = _name_of(sandbox, "message", callback_id)
    if message.ephemeral_to:
        raise SlackError("invalid_action", sentence="A message that only you see offers no shortcuts.")
    workspace, now = sandbox.workspace, sandbox.clock()
    channel = workspace.channels[message.channel]
    app_id = workspace.app.id
    url = ResponseUrl(user.id, channel.id, now, message.ts, message.thread_ts, app_id=app_id)
    payload = _payload(sandbox, user, "message_action", callback_id) | {
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": message.ts,
        "message": message_object(workspace, message, metadata=True),
        "response_url": f"{origin}/response/{sandbox.response_urls.issue(url)}",
    }
    return await _deliver(sandbox, user, name, payload)


def _name_of(sandbox: Sandbox, kind: str, callback_id: str) -> str:
    for shortcut in sandbox.workspace.app.shortcuts:
        if (shortcut.type, shortcut.callback_id) == (kind, callback_id):
            return shortcut.name
    raise SlackError("invalid_action", sentence=f"The app has no {kind} shortcut {callback_id!r}.")


def _payload(sandbox: Sandbox, user: User, kind: str, callback_id: str) -> Json:
    """https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload"""
    now = sandbox.clock()
    trigger_id = sandbox.triggers.issue(user.id, now)
    base = interaction_base(sandbox.workspace, kind, user, trigger_id)
    return base | {"callback_id": callback_id, "action_ts": f"{now.timestamp():.6f}"}


async def _deliver(sandbox: Sandbox, user: User, name: str, payload: Json) -> Json:
    acknowledgement = await sandbox.courier.deliver(Delivery("interactive", payload))
    if not acknowledgement.accepted:
        return failed(sandbox, user.id, f'The shortcut "{name}"', acknowledgement)
    return {"ok": True}
