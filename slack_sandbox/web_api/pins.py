"""pins.*: https://docs.slack.dev/reference/methods?family=pins"""

from slack_sandbox.rate_limits import TIER_2
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace.models import Message
from slack_sandbox.workspace.pins import pin, pin_object, unpin


def add(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/pins.add"""
    pin(call.workspace, _message(call), call.app_user, call.now)
    return {}


def remove(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/pins.remove"""
    unpin(call.workspace, _message(call), call.app_user)
    return {}


def list_pins(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/pins.list"""
    channel = call.own_channel()
    return {"items": [pin_object(call.workspace, channel, pinned) for pinned in reversed(channel.pins)]}


def _message(call: Call) -> Message:
    ts = call.arguments.text("timestamp")
    if not ts:
        raise SlackError("no_item_specified")
    return call.workspace.message(call.own_channel().id, ts)


METHODS = {
    "pins.add": Method(add, TIER_2),
    "pins.remove": Method(remove, TIER_2),
    "pins.list": Method(list_pins, TIER_2),
}
