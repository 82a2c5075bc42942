"""Interactive elements: finding them in blocks, their part of a payload, and Slack's own checks of a submitted modal.

https://docs.slack.dev/reference/block-kit/blocks/input-block and .../plain-text-input-element
"""

from collections.abc import Iterator, Sequence
from typing import Any

from slack_sandbox.delivery.call_log import Acknowledgement
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Channel, User
from slack_sandbox.workspace.state import Workspace


def failed(sandbox: Sandbox, user: str, what: str, acknowledgement: Acknowledgement) -> Json:
    """Show the failure to the person, and answer with it."""
    message = f'{what} failed with the error "{acknowledgement.outcome}". {acknowledgement.detail}'
    sandbox.notice(user, message)
    return {"ok": False, "error": acknowledgement.outcome, "message": message}


VERIFICATION_TOKEN = "sandbox-verification-token"
"""Deprecated at Slack in favour of signatures, but still in every payload."""


def interaction_base(workspace: Workspace, kind: str, user: User, trigger_id: str | None = None) -> Json:
    """https://docs.slack.dev/reference/interaction-payloads"""
    base = {
        "type": kind,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id or workspace.team.id,
        },
        "api_app_id": workspace.app.id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": workspace.team.id, "domain": workspace.team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    return base if trigger_id is None else {**base, "trigger_id": trigger_id}


def channel_name(channel: Channel) -> str:
    """https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling"""
    if channel.is_im:
        return "directmessage"
    return "privategroup" if channel.is_private else channel.name


def input_errors(blocks: Sequence[Json], values: Json) -> dict[str, str]:
    """Return an error for each input block that cannot be submitted: {block_id: sentence}."""
    errors = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            state = values.get(block["block_id"], {}).get(element["action_id"], {})
            value = state.get(value_key(element))
            error = input_error(block, element, value)
            if error:
                errors[block["block_id"]] = error
    return errors


def input_error(block: Json, element: Json, value: Any) -> str | None:
    if value in (None, "", []):
        return None if block.get("optional") else "Please complete this required field."
    if not isinstance(value, str):
        return None
    least, most = element.get("min_length"), element.get("max_length")
    if least is not None and len(value) < least:
        return f"Please enter at least {least} characters."
    if most is not None and len(value) > most:
        return f"Please enter at most {most} characters."
    return None


STATELESS = frozenset({"button", "overflow", "workflow_button", "image"})
"""Elements that hold no value, and so are absent from ``state.values``."""

VALUE_KEYS: dict[str, str] = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "file_input": "files",
}
"""Where the value of each element stands: https://docs.slack.dev/reference/block-kit/block-elements"""


def value_key(element: Json) -> str:
    return VALUE_KEYS.get(element["type"], "value")


def elements_of(block: Json) -> Iterator[Json]:
    """The interactive elements of one block."""
    candidates = [block.get("accessory"), block.get("element"), *(block.get("elements") or ())]
    for element in candidates:
        if isinstance(element, dict) and "action_id" in element:
            yield element


def find_element(blocks: Sequence[Json], block_id: str, action_id: str) -> Json:
    """Raises SlackError when the message or view has no such element."""
    for block in blocks:
        if block["block_id"] != block_id:
            continue
        for element in elements_of(block):
            if element["action_id"] == action_id:
                return element
    raise SlackError(
        "invalid_action", sentence=f"There is no element {action_id!r} in a block {block_id!r} here any more."
    )


def action_object(element: Json, block_id: str, given: Json, action_ts: str) -> Json:
    """One entry of ``actions``. A button's text and value are the app's own, a selection is the person's.

    https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
    """
    kept = ("type", "action_id", "text", "value", "style", "url", "placeholder")
    action = {name: element[name] for name in kept if name in element}
    key = VALUE_KEYS.get(element["type"])
    if key:
        action[key] = given.get(key)
    return {**action, "block_id": block_id, "action_ts": action_ts}


def initial_values(blocks: Sequence[Json]) -> Json:
    """``state.values`` before anybody touches anything: {block_id: {action_id: {type, …}}}."""
    values: Json = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] not in STATELESS:
                state = {"type": element["type"], value_key(element): initial(element)}
                values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def initial(element: Json) -> Any:
    key = value_key(element)
    default: list[Any] | None = [] if key.endswith("s") else None
    return element.get("initial_" + key.removeprefix("selected_"), default)


def current_values(blocks: Sequence[Json], entered: Json, action: Json | None = None) -> Json:
    """The initial values, overlaid with what was entered, and with the action just taken."""
    values = initial_values(blocks)
    touched = [
        (block_id, action_id, value)
        for block_id, by_id in entered.items()
        for action_id, value in by_id.items()
    ]
    if action and action["type"] not in STATELESS:
        key = value_key(action)
        state = {"type": action["type"], key: action[key]}
        touched.append((action["block_id"], action["action_id"], state))
    for block_id, action_id, value in touched:
        if action_id in values.get(block_id, {}):
            values[block_id][action_id] = values[block_id][action_id] | value
    return values
