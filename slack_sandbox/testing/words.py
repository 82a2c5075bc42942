"""What a person reads in a message or a view, and the elements in it by their labels. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sandbox.interactions.elements import elements_of
from slack_sandbox.testing.failures import NotFound
from slack_sandbox.values import Json

Wanted = str | re.Pattern[str]
"""A text that must occur, or a pattern that must be found."""

BUTTONS = frozenset({"button", "workflow_button"})
TEXT_KEYS = (
    "title",
    "text",
    "fields",
    "label",
    "elements",
    "element",
    "accessory",
    "hint",
    "options",
    "placeholder",
)


def matches(wanted: Wanted, text: str) -> bool:
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None


def shown(wanted: Wanted) -> str:
    return f"“{wanted if isinstance(wanted, str) else wanted.pattern}”"


def words_of(part: Any) -> str:
    """Return every text in a block, a list of blocks or a view, one on each line."""
    return "\n".join(_texts(part))


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Sequence):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict):
        for key in TEXT_KEYS:
            yield from _texts(part.get(key) or ())


def words_of_message(message: Json) -> str:
    """Return the blocks' texts, and the text that notifications show, unless it says the same."""
    words = words_of([*message.get("blocks", ()), *_attachments(message)])
    text = str(message.get("text", ""))
    return words if text in words else "\n".join(filter(None, (words, text)))


def _attachments(message: Json) -> Iterator[Any]:
    for attachment in message.get("attachments", ()):
        yield [attachment.get(key) or "" for key in ("pretext", "title", "text", "fallback")]
        yield attachment.get("blocks") or ()


@dataclass(frozen=True)
class Element:
    """An interactive element in its block."""

    block: Json
    element: Json

    @property
    def kind(self) -> str:
        return str(self.element["type"])

    @property
    def label(self) -> str:
        """What a person calls it: its own text, its block's label, its placeholder, or else its action id."""
        named = (self.element.get("text"), self.block.get("label"), self.element.get("placeholder"))
        return next((words_of(text) for text in named if text), "") or str(self.element["action_id"])

    @property
    def dispatches(self) -> bool:
        """True if the app is told of each choice, and not only of the submitted form."""
        return self.block["type"] != "input" or bool(self.block.get("dispatch_action"))

    @property
    def place(self) -> Json:
        return {name: self.element[name] for name in ("type", "action_id")} | {
            "block_id": self.block["block_id"]
        }


def elements_in(blocks: Sequence[Json]) -> list[Element]:
    return [Element(block, element) for block in blocks for element in elements_of(block)]


def find_button(blocks: Sequence[Json], label: str) -> Element:
    """Raises NotFound."""
    return find(label, [each for each in elements_in(blocks) if each.kind in BUTTONS], "button")


def find_field(blocks: Sequence[Json], label: str) -> Element:
    """Find anything that takes a value. Raises NotFound."""
    return find(label, [each for each in elements_in(blocks) if each.kind not in BUTTONS], "field")


def find(label: str, candidates: Sequence[Element], noun: str) -> Element:
    """Find the one with this label or action id, or else the only one whose label contains it. Raises NotFound."""
    exact = [
        each
        for each in candidates
        if label in (each.label, each.element["action_id"], each.block["block_id"])
    ]
    near = [each for each in candidates if label.lower() in each.label.lower()]
    found = exact or near
    if len(found) == 1:
        return found[0]
    labels = ", ".join(f"“{each.label}”" for each in candidates) or "none"
    if found:
        raise NotFound(
            f"Several match the {noun} “{label}”. There are: {labels}. Its action_id is exact, too."
        )
    raise NotFound(f"There is no {noun} “{label}”. There are: {labels}.")
