"""conversations.*: channels and who is in them. https://docs.slack.dev/reference/methods?family=conversations"""

from collections.abc import Callable

from slack_sandbox.rate_limits import TIER_2, TIER_3, TIER_4
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.history import page
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.workspace import membership
from slack_sandbox.workspace.models import Channel
from slack_sandbox.workspace.rendering import conversation_object


def create(call: Call) -> Json:
    name = call.arguments.text("name")
    is_private = call.arguments.flag("is_private")
    return _answer(
        call, membership.create(call.workspace, call.app_user, name, call.now, is_private=is_private)
    )


def join(call: Call) -> Json:
    """Only public channels can be joined; private ones take an invitation."""
    channel = call.channel()
    if channel.is_private and call.app_user not in channel.members:
        raise SlackError("method_not_supported_for_channel_type")
    answer = _answer(call, membership.join(call.workspace, channel, call.app_user, call.now))
    return answer | ({"warning": "already_in_channel"} if call.app_user in channel.members else {})


def leave(call: Call) -> Json:
    membership.leave(call.workspace, call.own_channel(), call.app_user, call.now)
    return {}


def invite(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.invite"""
    channel = call.own_channel()
    users = call.arguments.names("users")
    if not users:
        raise SlackError("no_user")
    for user in users:
        call.workspace.user(user)
    if users == [call.app_user]:
        raise SlackError("cant_invite_self")
    if all(user in channel.members for user in users):
        raise SlackError("already_in_channel")
    for user in users:
        channel = membership.join(call.workspace, channel, user, call.now, inviter=call.app_user)
    return _answer(call, channel)


def kick(call: Call) -> Json:
    user = call.workspace.user(call.arguments.required("user")).id
    if user == call.app_user:
        raise SlackError("cant_kick_self")
    membership.leave(call.workspace, call.own_channel(), user, call.now, by=call.app_user)
    return {"errors": {}}


def info(call: Call) -> Json:
    return _answer(call, call.channel())


def rename(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.rename"""
    name = call.arguments.text("name")
    channel = call.own_channel()
    return _answer(call, membership.rename(call.workspace, channel, call.app_user, name, call.now))


KINDS = {"im": "im", "group": "private_channel", "channel": "public_channel"}
TYPES = frozenset({*KINDS.values(), "mpim"})


def list_channels(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/conversations.list"""
    return _page_of(call, lambda _channel: True)


def of_a_user(call: Call) -> Json:
    """The channels of one person, or of the app. https://docs.slack.dev/reference/methods/users.conversations"""
    user = call.workspace.user(call.arguments.text("user") or call.app_user).id
    return _page_of(call, lambda channel: user in channel.members)


def _page_of(call: Call, wanted: Callable[[Channel], bool]) -> Json:
    types = set(call.arguments.names("types") or ["public_channel"])
    if not types <= TYPES:
        raise SlackError("invalid_types")
    open_only = call.arguments.flag("exclude_archived")
    found = [
        channel
        for channel in call.workspace.channels.values()
        if KINDS[channel.kind] in types and not (open_only and channel.is_archived)
        if wanted(channel) and call.workspace.may_see(call.app_user, channel)
    ]
    shown, cursor = page(found, call.arguments)
    rendered = [conversation_object(call.workspace, channel) for channel in shown]
    return {"channels": rendered, "response_metadata": {"next_cursor": cursor}}


def members(call: Call) -> Json:
    shown, cursor = page(call.channel().members, call.arguments)
    return {"members": shown, "response_metadata": {"next_cursor": cursor}}


def archive(call: Call) -> Json:
    membership.archive(call.workspace, call.own_channel(), call.app_user, call.now)
    return {}


def unarchive(call: Call) -> Json:
    membership.unarchive(call.workspace, call.channel(), call.app_user)
    return {}


def open_conversation(call: Call) -> Json:
    """Direct messages with one person. https://docs.slack.dev/reference/methods/conversations.open"""
    users = call.arguments.names("users")
    if "channel" in call.arguments:
        return _answer(call, call.channel())
    if len(users) != 1:
        raise SlackError("not_enough_users" if not users else "too_many_users")
    return _answer(call, membership.open_direct_message(call.workspace, users[0], call.now))


def set_topic(call: Call) -> Json:
    topic = call.arguments.text("topic")
    channel = membership.set_topic(call.workspace, call.own_channel(), call.app_user, topic, call.now)
    return _answer(call, channel) | {"topic": topic}


def set_purpose(call: Call) -> Json:
    purpose = call.arguments.text("purpose")
    channel = membership.set_purpose(call.workspace, call.own_channel(), purpose)
    return _answer(call, channel) | {"purpose": purpose}


def _answer(call: Call, channel: Channel) -> Json:
    return {"channel": conversation_object(call.workspace, channel)}


METHODS = {
    "conversations.create": Method(create, TIER_2),
    "conversations.join": Method(join, TIER_3),
    "conversations.leave": Method(leave, TIER_3),
    "conversations.invite": Method(invite, TIER_3),
    "conversations.kick": Method(kick, TIER_3),
    "conversations.info": Method(info, TIER_3),
    "conversations.list": Method(list_channels, TIER_2),
    "conversations.rename": Method(rename, TIER_2),
    "users.conversations": Method(of_a_user, TIER_3),
    "conversations.members": Method(members, TIER_4),
    "conversations.archive": Method(archive, TIER_2),
    "conversations.unarchive": Method(unarchive, TIER_2),
    "conversations.open": Method(open_conversation, TIER_3),
    "conversations.setTopic": Method(set_topic, TIER_2),
    "conversations.setPurpose": Method(set_purpose, TIER_2),
}
