"""Reactions to messages, by the app and by people. https://docs.slack.dev/reference/events/reaction_added"""

from dataclasses import replace

from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Message
from slack_sandbox.workspace.posting import show_changed
from slack_sandbox.workspace.state import Workspace

MOST_EMOJI = 50
"""Different emoji on one message: https://docs.slack.dev/reference/methods/reactions.add, too_many_emoji"""


def react(workspace: Workspace, message: Message, name: str, user: str) -> None:
    """Raises SlackError: already_reacted, too_many_emoji, is_archived."""
    if workspace.channels[message.channel].is_archived:
        raise SlackError("is_archived")
    if (name, user) in message.reactions:
        raise SlackError("already_reacted")
    if len({given for given, _ in message.reactions} | {name}) > MOST_EMOJI:
        raise SlackError("too_many_emoji")
    show_changed(workspace, replace(message, reactions=(*message.reactions, (name, user))))
    _tell(workspace, message, "reaction_added", name, user)


def take_back(workspace: Workspace, message: Message, name: str, user: str) -> None:
    """Raises SlackError ``no_reaction``."""
    if (name, user) not in message.reactions:
        raise SlackError("no_reaction")
    kept = tuple(reaction for reaction in message.reactions if reaction != (name, user))
    show_changed(workspace, replace(message, reactions=kept))
    _tell(workspace, message, "reaction_removed", name, user)


def _tell(workspace: Workspace, message: Message, kind: str, name: str, user: str) -> None:
    event: Json = {
        "type": kind,
        "user": user,
        "reaction": name,
        "item_user": message.author.user,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
    }
    workspace.tell_members(workspace.channels[message.channel], event)
