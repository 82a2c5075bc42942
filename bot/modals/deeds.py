"""What the forms of an incident share: their views and fields, and what they are about.

Views: https://docs.slack.dev/reference/views/modal-views
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.cards.blocks import Block
from bot.modals.form import View
from core.errors import InvalidInput

ACTION = "value"
OPTION_TEXT = 75  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object
OLD_FORM = "This form no longer works here."


@dataclass(frozen=True)
class Deed:
    """What a form does: its callback id, its title of at most 24 characters, and the text of its button."""

    callback_id: str
    title: str
    submit: str


@dataclass(frozen=True)
class Shown:
    """What a form is about; stored in its view. `response_url`: where the reply to the person goes, if anywhere."""

    incident_id: str
    response_url: str = ""


def deed_view(deed: Deed, shown: object, blocks: Sequence[Block]) -> View:
    """Return the view for `views.open`. `shown`: a dataclass of what it is about."""
    title = deed.title if len(deed.title) <= 24 else deed.title[:23] + "…"
    return {
        "type": "modal",
        "callback_id": deed.callback_id,
        "title": _plain(title),
        "submit": _plain(deed.submit),
        "close": _plain("Cancel"),
        "private_metadata": json.dumps(asdict(shown)),  # type: ignore[call-overload]
        "blocks": list(blocks),
    }


def field(
    block_id: str, label: str, element: Mapping[str, object], *, hint: str = "", optional: bool = False
) -> Block:
    """Return an input block; its errors are shown under it by its `block_id`."""
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label),
        "element": {**element, "action_id": ACTION},
        "optional": optional,
    }
    return block | ({"hint": _plain(hint)} if hint else {})


def menu(choices: Sequence[str], initial: str | None) -> Block:
    """Return a static select of at most 100 choices, none longer than 75 characters."""
    shown: Block = {"type": "static_select", "options": [option(each) for each in choices]}
    return shown | ({"initial_option": option(initial)} if initial is not None else {})


def option(value: str, text: str = "", description: str = "") -> Block:
    shown: Block = {"text": _plain((text or value)[:OPTION_TEXT]), "value": value}
    return shown | ({"description": _plain(description[:OPTION_TEXT])} if description else {})


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def entered_text(view: Mapping[str, Any], block_id: str) -> str:
    """Return what was typed into the field; empty if nothing was."""
    return str(_entered(view, block_id).get("value") or "")


def chosen(view: Mapping[str, Any], block_id: str) -> str:
    """Return the chosen option's value; empty if none was."""
    return str((_entered(view, block_id).get("selected_option") or {}).get("value", ""))


def _entered(view: Mapping[str, Any], block_id: str) -> Mapping[str, Any]:
    found = view["state"]["values"].get(block_id, {}).get(ACTION, {})
    return found if isinstance(found, Mapping) else {}


def shown_in(view: Mapping[str, Any]) -> Shown:
    """Return what the form is about. Raises InvalidInput for the form of another release."""
    try:
        return Shown(**json.loads(view["private_metadata"]))
    except (ValueError, TypeError):
        raise InvalidInput(OLD_FORM) from None
