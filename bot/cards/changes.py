"""What a draft changes in what is approved, as a diff in code blocks that Slack can hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cards import limits
from bot.cards.blocks import context, section
from bot.cards.message import Block
from bot.cards.words import bounded, escape, who
from core.views import RunbookWithDiff

FENCES = len("```\n\n```")
MOST_SECTIONS = 4
LONGEST_LINE = 400  # of a diff; a description may be one line of 3,000 characters


@dataclass(frozen=True)
class Changes:
    """`lines`: the same as the `blocks`, as text alone."""

    lines: Sequence[str]
    blocks: Sequence[Block]


def changes_card(view: RunbookWithDiff, *, approve: str | None) -> Changes:
    """`approve`: what to type to approve it, where it can be."""
    said = _sentence(view)
    code = _Code.of(view.diff or "")
    rest = (
        [f"… {code.left_out}. `runbook show {view.name}` in a terminal shows all."] if code.left_out else []
    )
    hints = [*rest, *([f"Approve it: {approve}"] if approve else [])]
    blocks = [section(said), *(section(f"```\n{part}\n```") for part in code.parts)]
    if hints:
        blocks.append(context("\n".join(hints)))
    return Changes([said, *code.parts, *hints], blocks)


def _sentence(view: RunbookWithDiff) -> str:
    written = f"v{view.version} was written by {who(view.changed_by)}"
    if view.diff is None:
        return f"{written}. No version of it was approved yet."
    if not view.diff:
        return f"{written}. It says the same as v{view.approved_version}, which was approved."
    return f"{written}. It changes v{view.approved_version}, which was approved:"


@dataclass(frozen=True)
class _Code:
    """A text in parts that each fit into a section, escaped. `left_out`: what did not fit, in words."""

    parts: Sequence[str]
    left_out: str

    @classmethod
    def of(cls, text: str) -> "_Code":
        lines = [escape(line.replace("```", "ˋˋˋ")) for line in text.split("\n")[:-1]]
        shown = [bounded(line, LONGEST_LINE) for line in lines]
        parts, count = _packed(shown)
        missing = len(lines) - count
        is_cut = any(len(line) > LONGEST_LINE for line in lines[:count])
        told = [f"{missing} more lines"] * bool(missing) + ["long lines are cut"] * is_cut
        return cls(parts, ", ".join(told))


def _packed(lines: Iterable[str]) -> tuple[list[str], int]:
    """As many lines as fit into the sections there may be, and how many these are."""
    parts: list[str] = []
    count = 0
    for line in lines:
        if parts and len(parts[-1]) + len(line) + 1 + FENCES <= limits.SECTION_TEXT:
            parts[-1] += f"\n{line}"
        elif len(parts) < MOST_SECTIONS:
            parts.append(line)
        else:
            break
        count += 1
    return parts, count
