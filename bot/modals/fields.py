"""The inputs of a form, one for each parameter, built from its JSON Schema within Slack's limits. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.cards.blocks import Block
from bot.cards.words import bounded
from bot.modals.elements import (
    ACTION,
    Schema,
    choices_of,
    element,
    fetched_menu,
    plain,
    value_entered,
)
from bot.modals.limits import HINT, LABEL
from core.definitions.choices import Choice, Fetched, NotFetched
from core.definitions.json_schema import deref
from core.definitions.parameters import declared, default_of, required
from core.definitions.secrets import secret_names

PREFIX = "parameter."
HIDDEN = "Secret: it is never shown again."
HINTS = {"array": "A list: a,b or JSON.", "object": "JSON."}
HINTS_OF_ELEMENTS = {"timepicker": "In UTC."}
TYPED = frozenset({"plain_text_input"})
NOT_FETCHED = "The choices could not be fetched, so type the value. ({why})"
WHY_LENGTH = 300


NONE_FETCHED: Fetched = {}


def input_blocks(schema: Schema, given: Mapping[str, object], fetched: Fetched = NONE_FETCHED) -> list[Block]:
    """Return the inputs, required ones first. `given`: the parameters that were already typed.

    `fetched`: the choices of parameters that have some of their own.
    """
    needed, secrets = required(schema), secret_names(schema, given)
    names = sorted(declared(schema), key=lambda name: name not in needed)
    return [
        _input(_Field(name, schema, given, fetched.get(name), name in secrets), is_needed=name in needed)
        for name in names
    ]


@dataclass(frozen=True)
class _Field:
    """A parameter's field. `fetched`: its own choices, or why there are none. A secret is never filled in."""

    name: str
    root: Schema
    given: Mapping[str, object]
    fetched: Sequence[Choice] | NotFetched | None
    is_secret: bool

    @property
    def schema(self) -> Schema:
        return deref(declared(self.root)[self.name], self.root)

    @property
    def element(self) -> Block:
        is_given = self.name in self.given and not self.is_secret
        initial = (self.given[self.name],) if is_given else default_of(self.schema, self.root)
        if self.fetched is None or isinstance(self.fetched, NotFetched):
            return element(self.schema, self.root, initial)
        return fetched_menu(self.fetched, self.schema, initial)

    def hints(self, kind: str) -> Iterator[str]:
        """Yield what the field says below it. `kind`: of its element."""
        yield str(self.schema.get("description", ""))
        yield HINTS.get(str(self.schema.get("type")), "") if kind in TYPED else ""
        yield HINTS_OF_ELEMENTS.get(kind, "")
        yield HIDDEN if self.is_secret else ""
        if isinstance(self.fetched, NotFetched):
            yield NOT_FETCHED.format(why=bounded(self.fetched.why, WHY_LENGTH))


def _input(field: _Field, *, is_needed: bool) -> Block:
    shown = field.element
    # An empty checkbox is an answer, and an empty field gets the default: neither may be required.
    has_default = default_of(field.schema, field.root) is not None
    block: Block = {
        "type": "input",
        "block_id": f"{PREFIX}{field.name}",
        "label": plain(field.name, LABEL),
        "element": shown,
        "optional": not is_needed or has_default or shown["type"] == "checkboxes",
    }
    hint = " ".join(filter(None, field.hints(str(shown["type"]))))
    return block | ({"hint": plain(hint, HINT)} if hint else {})


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
