"""What a draft changes in what is approved, or a disabled workflow in what was enabled: a diff that Slack can hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.cards import limits
from bot.cards.blocks import context, section
from bot.cards.message import Block
from bot.cards.words import bounded, escape, who
from core.library_views import RunbookWithDiff, WorkflowWithDiff

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
    said = _sentence(view, view.approved_version, "approved")
    everything = f"`runbook show {view.name}` in a terminal shows all."
    return _card(said, view.diff, everything, [f"Approve it: {approve}"] if approve else [])


def workflow_changes_card(view: WorkflowWithDiff) -> Changes:
    """What would start once it is enabled again; nothing where that is what was enabled before."""
    if view.enabled_version == view.version:
        return Changes((), ())
    said = _sentence(view, view.enabled_version, "enabled")
    return _card(said, view.diff, f"`GET /api/workflows/{view.name}/versions` has both.", [])


def _card(said: str, diff: str | None, everything: str, hints: Sequence[str]) -> Changes:
    """`everything`: where all of the diff is, for one that is too long."""
    code = _Code.of(diff or "")
    hints = [*([f"… {code.left_out}. {everything}"] if code.left_out else []), *hints]
    blocks = [section(said), *(section(f"```\n{part}\n```") for part in code.parts)]
    if hints:
        blocks.append(context("\n".join(hints)))
    return Changes([said, *code.parts, *hints], blocks)


def _sentence(view: RunbookWithDiff | WorkflowWithDiff, before: int | None, done: str) -> str:
    """`before`: the version that it is compared with; `done`: what was done to that one."""
    written = f"v{view.version} was written by {who(view.changed_by)}"
    if view.diff is None:
        return f"{written}. No version of it was {done} yet."
    if not view.diff:
        return f"{written}. It says the same as v{before}, which was {done}."
    return f"{written}. It changes v{before}, which was {done}:"


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
