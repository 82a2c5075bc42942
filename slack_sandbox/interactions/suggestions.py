"""Menus whose options come from the app: https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload"""

from dataclasses import dataclass, replace

from slack_sandbox.block_kit.menus import suggestion_problems
from slack_sandbox.delivery.call_log import Acknowledgement, Delivery
from slack_sandbox.interactions.actions import message_place
from slack_sandbox.interactions.elements import current_values, find_element, interaction_base
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Message, User, View
from slack_sandbox.workspace.rendering import view_object

EXTERNAL = frozenset({"external_select", "multi_external_select"})
DEFAULT_MIN_QUERY_LENGTH = 3
"""https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select"""


@dataclass(frozen=True)
class Query:
    """What a person typed into the menu ``action_id`` of the block ``block_id``."""

    block_id: str
    action_id: str
    text: str


async def suggest_in_message(sandbox: Sandbox, user: User, message: Message, query: Query) -> Json:
    """The app's options for a menu in a message. Raises SlackError."""
    payload = _payload(sandbox, user, list(message.content.blocks), query)
    return await _ask(sandbox, payload | message_place(sandbox.workspace, message))


async def suggest_in_view(sandbox: Sandbox, user: User, view: View, entered: Json, query: Query) -> Json:
    """The app's options for a menu in a modal or a Home tab, with what was entered so far. Raises SlackError."""
    blocks = view.definition["blocks"]
    payload = _payload(sandbox, user, blocks, query)
    current = replace(view, values=current_values(blocks, entered))
    place = {
        "container": {"type": "view", "view_id": view.id},
        "view": view_object(sandbox.workspace, current),
    }
    return await _ask(sandbox, payload | place)


def _payload(sandbox: Sandbox, user: User, blocks: list[Json], query: Query) -> Json:
    element = find_element(blocks, query.block_id, query.action_id)
    if element["type"] not in EXTERNAL:
        raise SlackError("invalid_action", sentence="This menu does not take its options from the app.")
    least = element.get("min_query_length", DEFAULT_MIN_QUERY_LENGTH)
    if len(query.text) < least:
        raise SlackError("query_too_short", sentence=f"Type at least {least} characters.")
    base = interaction_base(sandbox.workspace, "block_suggestion", user)
    return base | {"block_id": query.block_id, "action_id": query.action_id, "value": query.text}


async def _ask(sandbox: Sandbox, payload: Json) -> Json:
    acknowledgement = await sandbox.courier.deliver(Delivery("interactive", payload))
    return {"ok": True, **offered(acknowledgement)}


def offered(acknowledgement: Acknowledgement) -> Json:
    """The options or groups of options in the app's answer. Raises SlackError where Slack would show none."""
    if not acknowledgement.accepted:
        raise SlackError(acknowledgement.outcome, sentence=f"No options: {acknowledgement.detail}")
    answer = acknowledgement.answer_object
    problems = [str(problem) for problem in suggestion_problems(answer)]
    if problems:
        raise SlackError("invalid_options", problems, sentence="The app's options cannot be shown.")
    return {name: answer[name] for name in ("options", "option_groups") if answer.get(name) is not None}
