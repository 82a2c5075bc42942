"""The inputs of a form, one for each parameter, built from its JSON Schema within Slack's limits. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from bot.cards.blocks import Block
from core.definitions.json_schema import deref
from core.definitions.parameters import declared, default_of, required
from core.definitions.secrets import secret_names

# Slack's limits, in characters unless stated otherwise.
BLOCKS = 100  # https://docs.slack.dev/reference/views/modal-views
TITLE = 24
BLOCK_ID = 255  # https://docs.slack.dev/reference/block-kit/blocks
LABEL, HINT = 2_000, 2_000  # https://docs.slack.dev/reference/block-kit/blocks/input-block
INPUT_TEXT = 3_000  # https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
OPTIONS = 100  # https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
OPTION_TEXT, OPTION_VALUE = (
    75,
    150,
)  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object
PRIVATE_METADATA = 3_000
SECTION_TEXT = 3_000


Schema = Mapping[str, object]
PREFIX = "parameter."
ACTION = "value"
TICKED = "true"
HIDDEN = "Secret: it is never shown again."
HINTS = {"array": "A list: a,b or JSON.", "object": "JSON."}


def input_blocks(schema: Schema, given: Mapping[str, object]) -> list[Block]:
    """Return the inputs, required ones first. `given`: the parameters that were already typed."""
    needed, secrets = required(schema), secret_names(schema, given)
    names = sorted(declared(schema), key=lambda name: name not in needed)
    shown = {name: value for name, value in given.items() if name not in secrets}
    return [
        _input(name, schema, shown, is_needed=name in needed, hint=HIDDEN * (name in secrets))
        for name in names
    ]


def _input(name: str, schema: Schema, given: Mapping[str, object], *, is_needed: bool, hint: str) -> Block:
    inner = deref(declared(schema)[name], schema)
    default = default_of(inner, schema)
    initial = (given[name],) if name in given else default
    element = _element(inner, initial)
    # An empty checkbox is an answer, and an empty field gets the default: neither may be required.
    optional = not is_needed or default is not None or element["type"] == "checkboxes"
    block: Block = {
        "type": "input",
        "block_id": f"{PREFIX}{name}",
        "label": _plain(name, LABEL),
        "element": element,
        "optional": optional,
    }
    hints = (str(inner.get("description", "")), HINTS.get(str(inner.get("type")), ""), hint)
    shown = " ".join(filter(None, hints))
    return block | ({"hint": _plain(shown, HINT)} if shown else {})


def _element(schema: Schema, initial: tuple[object] | None) -> Block:
    choices = schema.get("enum")
    if isinstance(choices, list) and _fits_a_menu(choices):
        return _menu(choices, initial)
    kind = schema.get("type")
    if kind == "boolean":
        return _tick_box(initial)
    if kind in ("integer", "number"):
        return _number(schema, initial, is_whole=kind == "integer")
    return _text(initial)


def _fits_a_menu(choices: list[object]) -> bool:
    values = list(map(text_of, choices))
    is_short = all(0 < len(value) <= OPTION_VALUE for value in values)
    return 0 < len(values) <= OPTIONS and is_short and len(set(values)) == len(values)


def _menu(choices: list[object], initial: tuple[object] | None) -> Block:
    menu: Block = {"type": "static_select", "action_id": ACTION, "options": list(map(_option, choices))}
    if initial is not None and initial[0] in choices:
        menu["initial_option"] = _option(initial[0])
    return menu


def _option(choice: object) -> Block:
    return {"text": _plain(text_of(choice), OPTION_TEXT), "value": text_of(choice)}


def _tick_box(initial: tuple[object] | None) -> Block:
    option = {"text": _plain("Yes", OPTION_TEXT), "value": TICKED}
    box: Block = {"type": "checkboxes", "action_id": ACTION, "options": [option]}
    return box | ({"initial_options": [option]} if initial == (True,) else {})


def _number(schema: Schema, initial: tuple[object] | None, *, is_whole: bool) -> Block:
    field: Block = {"type": "number_input", "action_id": ACTION, "is_decimal_allowed": not is_whole}
    for bound, name in (("minimum", "min_value"), ("maximum", "max_value")):
        if isinstance(schema.get(bound), (int, float)):
            field[name] = text_of(schema[bound])
    return field | _initial(initial)


def _text(initial: tuple[object] | None) -> Block:
    return {"type": "plain_text_input", "action_id": ACTION} | _initial(initial)


def _initial(initial: tuple[object] | None) -> Block:
    """Prefill the field. A default that is too long is left out: an empty field gets it anyway."""
    text = text_of(initial[0]) if initial is not None and initial[0] is not None else ""
    return {"initial_value": text} if 0 < len(text) <= INPUT_TEXT else {}


def entered(state: Mapping[str, Any], schema: Schema) -> list[str]:
    """Return the submitted values as `key=value` words, without empty fields. `state` is Slack's `view.state`."""
    words = []
    for block_id, elements in state.get("values", {}).items():
        name = block_id.removeprefix(PREFIX)
        text = _entered(elements.get(ACTION, {}))
        if text is not None and name in declared(schema):
            words.append(f"{name}={text}")
    return words


def _entered(element: Mapping[str, Any]) -> str | None:
    """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload#view_submission."""
    if element.get("type") == "checkboxes":
        return "true" if element.get("selected_options") else "false"
    if element.get("type") == "static_select":
        option = element.get("selected_option")
        return option["value"] if option else None
    return element.get("value") or None


def text_of(value: object) -> str:
    """Return a value as people type it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(text: str, limit: int) -> Block:
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return {"type": "plain_text", "text": shown or "–", "emoji": False}
