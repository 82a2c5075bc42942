"""The card on which a definition is approved: the whole version, and a button that approves exactly that version."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.cards.blocks import Block, Confirm, actions, button
from bot.cards.changes import AnyWithDiff, Changes, diff_card
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.words import bounded, escape, who
from core.errors import InvalidInput

APPROVE = "definition.approve"
NO_LONGER_WORKS = "This button no longer works here."


@dataclass(frozen=True)
class Shown:
    """The version that a card shows, which its button carries as its value. `kind`: `runbook` or `workflow`."""

    kind: str
    id: str
    version: int
    digest: str

    @property
    def value(self) -> str:
        return f"{self.kind}:{self.id}:{self.version}:{self.digest}"

    @classmethod
    def of(cls, value: str) -> "Shown":
        """Parse a button's value. Raises InvalidInput for the value of another release's button."""
        kind, *rest = value.split(":")
        if len(rest) != 3 or not (rest[1].isascii() and rest[1].isdecimal() and len(rest[1]) < 10):
            raise InvalidInput(NO_LONGER_WORKS)
        return cls(kind, rest[0], int(rest[1]), rest[2])


def approval_card(view: AnyWithDiff, shown: Shown, diff: str) -> tuple[str, Sequence[Block]]:
    """Return the message's text and its blocks. `diff` is against the approved version, or against nothing."""
    card = diff_card(_sentence(view), diff, view)
    text = bounded("\n".join(card.lines), MESSAGE_TEXT)
    return text, [*card.blocks, _button(view, shown, card)]


def _sentence(view: AnyWithDiff) -> str:
    name, approved = f"*{escape(view.name)}* v{view.version}", view.approved_version
    owner = f"team {escape(view.team)}" if view.team else "global"
    written = f"{name} ({owner}) was written by {who(view.changed_by)} and cannot run yet."
    if approved is None:
        return f"{written} No version has been approved yet. The full definition:"
    if not view.diff:
        return f"{written} It is identical to v{approved}, which was approved."
    return f"{written} Changes from v{approved}, approved by {who(view.approved_by or 'somebody')}:"


def _button(view: AnyWithDiff, shown: Shown, card: Changes) -> Block:
    cut = " What is shown here is truncated: read the rest first." if card.is_cut else ""
    confirm = Confirm(
        title=f"Approve {view.name} v{view.version}?",
        text=f"You approve exactly this version. It may run from now on.{cut}",
        confirm="Approve",
    )
    approve = button(APPROVE, f"Approve v{view.version}", shown.value, style="primary", confirm=confirm)
    return actions([approve], block_id=f"{APPROVE}.{shown.id}.{shown.version}")
