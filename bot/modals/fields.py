"""The inputs of a form, one for each parameter, built from its JSON Schema within Slack's limits. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.cards.blocks import Block
from bot.modals.elements import ACTION, Schema, choices_of, element, plain, value_entered
from bot.modals.limits import HINT, LABEL
from core.definitions.json_schema import deref
from core.definitions.parameters import declared, default_of, required
from core.definitions.secrets import secret_names

PREFIX = "parameter."
HIDDEN = "Secret: it is never shown again."
HINTS = {"array": "A list: a,b or JSON.", "object": "JSON."}
HINTS_OF_ELEMENTS = {"timepicker": "In UTC."}
TYPED = frozenset({"plain_text_input"})


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
    field = element(inner, schema, initial)
    # An empty checkbox is an answer, and an empty field gets the default: neither may be required.
    optional = not is_needed or default is not None or field["type"] == "checkboxes"
    block: Block = {
        "type": "input",
        "block_id": f"{PREFIX}{name}",
        "label": plain(name, LABEL),
        "element": field,
        "optional": optional,
    }
    how = HINTS.get(str(inner.get("type")), "") if field["type"] in TYPED else ""
    hints = (str(inner.get("description", "")), how, HINTS_OF_ELEMENTS.get(str(field["type"]), ""), hint)
    shown = " ".join(filter(None, hints))
    return block | ({"hint": plain(shown, HINT)} if shown else {})


def entered(state: Mapping[str, Any], schema: Schema) -> list[str]:
    """Return the submitted values as `key=value` words, without empty fields. `state` is Slack's `view.state`."""
    words = []
    for block_id, elements in state.get("values", {}).items():
        name = block_id.removeprefix(PREFIX)
        if not block_id.startswith(PREFIX) or name not in declared(schema):
            continue
        text = _text_entered(elements.get(ACTION, {}), deref(declared(schema)[name], schema), schema)
        if text is not None:
            words.append(f"{name}={text}")
    return words


def _text_entered(state: Mapping[str, Any], inner: Schema, root: Schema) -> str | None:
    """Return the value as text. A menu of several choices that was emptied is an answer if it had a default."""
    text = value_entered(state, choices_of(inner, root))
    is_emptied = text is None and str(state.get("type")).startswith("multi_")
    return "[]" if is_emptied and default_of(inner, root) is not None else text
