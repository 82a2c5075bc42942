"""Which scope each method asks of a bot token, and the answer when it was not granted.

Each method's page names its scopes, such as https://docs.slack.dev/reference/methods/chat.postMessage; where they
differ by the kind of the channel, ``{kind}`` stands for ``channels``, ``groups``, ``im``.
"""

from collections.abc import Mapping

from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Channel

KINDS = {"channel": "channels", "group": "groups", "im": "im"}
ANY_READ = ("channels:read", "groups:read", "im:read", "mpim:read")

NEEDED: Mapping[str, str] = {
    "bookmarks.add": "bookmarks:write",
    "bookmarks.edit": "bookmarks:write",
    "bookmarks.list": "bookmarks:read",
    "bookmarks.remove": "bookmarks:write",
    "bots.info": "users:read",
    "chat.delete": "chat:write",
    "chat.deleteScheduledMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.scheduleMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.archive": "{kind}:manage",
    "conversations.create": "{kind}:manage",
    "conversations.history": "{kind}:history",
    "conversations.info": "{kind}:read",
    "conversations.invite": "{kind}:manage",
    "conversations.join": "channels:join",
    "conversations.kick": "{kind}:manage",
    "conversations.leave": "{kind}:manage",
    "conversations.list": "{kind}:read",
    "conversations.members": "{kind}:read",
    "conversations.open": "im:write",
    "conversations.rename": "{kind}:manage",
    "conversations.replies": "{kind}:history",
    "conversations.setPurpose": "{kind}:manage",
    "conversations.setTopic": "{kind}:manage",
    "conversations.unarchive": "{kind}:manage",
    "emoji.list": "emoji:read",
    "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
    "files.getUploadURLExternal": "files:write",
    "files.info": "files:read",
    "files.list": "files:read",
    "pins.add": "pins:write",
    "pins.list": "pins:read",
    "pins.remove": "pins:write",
    "reactions.add": "reactions:write",
    "reactions.get": "reactions:read",
    "reactions.remove": "reactions:write",
    "team.info": "team:read",
    "usergroups.list": "usergroups:read",
    "usergroups.users.list": "usergroups:read",
    "users.conversations": "{kind}:read",
    "users.info": "users:read",
    "users.list": "users:read",
    "users.lookupByEmail": "users:read.email",
}
"""A method that is not here asks for none."""

ALTERNATIVES = {
    "channels:manage": ("channels:manage", "channels:write.topic", "channels:write.invites"),
    "groups:manage": ("groups:write", "groups:write.topic", "groups:write.invites"),
    "im:manage": ("im:write",),
}
NARROWER = {
    "conversations.setTopic": "write.topic",
    "conversations.setPurpose": "write.topic",
    "conversations.invite": "write.invites",
}
"""Methods for which a narrower scope is enough."""


def kinds_asked(method: str, channel: Channel | None, arguments: Mapping[str, str]) -> list[str]:
    """The kinds of channels that a call is about."""
    if method in ("conversations.list", "users.conversations"):
        wanted = (arguments.get("types") or "public_channel").split(",")
        named = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
        return [named[kind.strip()] for kind in wanted if kind.strip() in named]
    if method == "conversations.create":
        return ["groups" if arguments.get("is_private", "").lower() in ("true", "1") else "channels"]
    return [KINDS[channel.kind] if channel else "channels"]


def needed_scopes(method: str, kinds: list[str]) -> list[tuple[str, ...]]:
    """What a call needs: of each tuple one scope is enough."""
    scope = NEEDED.get(method)
    if scope is None:
        return []
    if "{kind}" not in scope:
        return [(scope,)]
    return [_alternatives(method, scope.format(kind=kind)) for kind in kinds]


def _alternatives(method: str, scope: str) -> tuple[str, ...]:
    known = ALTERNATIVES.get(scope)
    if known is None:
        return (scope,)
    narrower = NARROWER.get(method)
    return tuple(each for each in known if ":write." not in each or each.endswith(f":{narrower}"))


def missing_scope(granted: tuple[str, ...] | None, needed: list[tuple[str, ...]]) -> Json | None:
    """Slack's refusal, or None. https://docs.slack.dev/reference/methods/chat.postMessage#errors"""
    if granted is None or all(set(each) & set(granted) for each in needed):
        return None
    lacking = next(each for each in needed if not set(each) & set(granted))
    refusal = SlackError("missing_scope").as_answer()
    return refusal | {"needed": ",".join(lacking), "provided": ",".join(granted)}


def scope_headers(granted: tuple[str, ...] | None, needed: list[tuple[str, ...]]) -> dict[str, str]:
    """What was granted, and what would have been enough: https://docs.slack.dev/authentication/installing-with-oauth"""
    shown = all_scopes() if granted is None else granted
    accepted = ",".join(scope for each in needed for scope in each)
    return {"X-OAuth-Scopes": ",".join(shown), **({"X-Accepted-OAuth-Scopes": accepted} if accepted else {})}


def all_scopes() -> tuple[str, ...]:
    """Everything that any method asks for, and what commands and mentions take."""
    found = {"app_mentions:read", "commands", "chat:write.public"}
    for method in NEEDED:
        for each in needed_scopes(method, ["channels", "groups", "im"]):
            found.update(each)
    return tuple(sorted(found))
