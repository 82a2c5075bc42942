"""A Slack message and the Block Kit blocks that it is built from. Every builder keeps within Slack's limits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bot.cards import limits
from bot.cards.words import NOTHING, bounded, is_visible

Block: TypeAlias = dict[str, object]
Metadata: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class Message:
    """What `chat.postMessage` sends. `text` is complete in itself: notifications and screen readers show nothing else.

    The first block's `block_id` names the card and its subject (`headline.rbx_…`), which tells a message from
    the others about the same execution when it is looked up in the channel.
    """

    text: str
    blocks: list[Block]
    metadata: Metadata | None = None


@dataclass(frozen=True)
class Confirm:
    """The confirmation dialog of a button, in plain text."""

    title: str
    text: str
    confirm: str
    deny: str = "Back"


def section(markup: str, *, block_id: str | None = None) -> Block:
    return {"type": "section", "text": _markup(markup)} | _named(block_id)


def _markup(markup: str) -> Block:
    """Return a text in which an address or a channel's name that somebody wrote does not become a link.

    https://docs.slack.dev/reference/block-kit/composition-objects/text-object, `verbatim`
    """
    shown = bounded(markup, limits.SECTION_TEXT) if is_visible(markup) else NOTHING
    return {"type": "mrkdwn", "text": shown, "verbatim": True}


def _named(block_id: str | None) -> Block:
    return {"block_id": bounded(block_id, limits.BLOCK_ID)} if block_id else {}


def sections(lines: Iterable[str]) -> list[Block]:
    """Return the lines in as few sections as can hold them."""
    gathered: list[str] = []
    for line in (bounded(line, limits.SECTION_TEXT) for line in lines):
        longer = f"{gathered[-1]}\n{line}" if gathered else line
        if not gathered or len(longer) > limits.SECTION_TEXT:
            gathered.append(line)
        else:
            gathered[-1] = longer
    return [section(text) for text in gathered if text.strip()]


def context(*markups: str) -> Block:
    """Return a context block (small print) of at least one text."""
    shown = markups[: limits.CONTEXT_ELEMENTS]
    return {"type": "context", "elements": list(map(_markup, shown))}


def actions(buttons: Sequence[Block], *, block_id: str) -> Block:
    return {"type": "actions", "elements": list(buttons)} | _named(block_id)


def button(
    action_id: str, text: str, value: str, *, style: str | None = None, confirm: Confirm | None = None
) -> Block:
    """Return a button. `style` is `primary`, `danger` or None; `value` is an id, never data."""
    element: Block = {
        "type": "button",
        "action_id": action_id,
        "text": _plain(text, limits.BUTTON_TEXT),
        "value": value,
    }
    if style is not None:
        element["style"] = style
    if confirm is not None:
        element["confirm"] = _confirm(confirm, style)
    return element


def _confirm(confirm: Confirm, style: str | None) -> Block:
    dialog: Block = {
        "title": _plain(confirm.title, limits.CONFIRM_TITLE),
        "text": _plain(confirm.text, limits.CONFIRM_TEXT),
        "confirm": _plain(confirm.confirm, limits.CONFIRM_BUTTON),
        "deny": _plain(confirm.deny, limits.CONFIRM_BUTTON),
    }
    return dialog | ({"style": style} if style is not None else {})


def _plain(text: str, limit: int) -> Block:
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    return {"type": "plain_text", "text": shown, "emoji": True}
