"""reactions.* and emoji.*: https://docs.slack.dev/reference/methods?family=reactions"""

from slack_sandbox.rate_limits import TIER_2, TIER_3
from slack_sandbox.values import Json
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.models import Message
from slack_sandbox.workspace.reacting import react, take_back
from slack_sandbox.workspace.rendering import message_object


def add(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/reactions.add"""
    react(call.workspace, _message(call), _name(call), call.app_user)
    return {}


def remove(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/reactions.remove"""
    take_back(call.workspace, _message(call), _name(call), call.app_user)
    return {}


def get(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/reactions.get"""
    message = message_object(call.workspace, _message(call), metadata=False)
    return {"type": "message", "channel": call.channel().id, "message": message}


def list_emoji(call: Call) -> Json:
    """The workspace's own. https://docs.slack.dev/reference/methods/emoji.list"""
    return {"emoji": dict(call.sandbox.config.emoji), "cache_ts": f"{call.now.timestamp():.6f}"}


def _message(call: Call) -> Message:
    return call.workspace.message(call.channel().id, call.arguments.required("timestamp"))


def _name(call: Call) -> str:
    return call.arguments.required("name").strip(":")


METHODS = {
    "reactions.add": Method(add, TIER_3),
    "reactions.remove": Method(remove, TIER_2),
    "reactions.get": Method(get, TIER_3),
    "emoji.list": Method(list_emoji, TIER_2),
}
