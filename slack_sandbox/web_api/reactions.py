"""reactions.*: https://docs.slack.dev/reference/methods?family=reactions"""

from dataclasses import replace

from slack_sandbox.rate_limits import TIER_2, TIER_3
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.models import Message
from slack_sandbox.workspace.posting import show_changed


def add(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/reactions.add"""
    message, mark = _marked(call)
    if mark in message.reactions:
        raise SlackError("already_reacted")
    show_changed(call.workspace, replace(message, reactions=(*message.reactions, mark)))
    return {}


def remove(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/reactions.remove"""
    message, mark = _marked(call)
    if mark not in message.reactions:
        raise SlackError("no_reaction")
    kept = tuple(reaction for reaction in message.reactions if reaction != mark)
    show_changed(call.workspace, replace(message, reactions=kept))
    return {}


def _marked(call: Call) -> tuple[Message, tuple[str, str]]:
    message = call.workspace.message(call.channel().id, call.arguments.required("timestamp"))
    name = call.arguments.required("name").strip(":")
    return message, (name, call.app_user)


METHODS = {
    "reactions.add": Method(add, TIER_3),
    "reactions.remove": Method(remove, TIER_2),
}
