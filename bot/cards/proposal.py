"""What an agent says about the run that it proposes: quoted, cut, and marked as its words."""

from bot.cards.blocks import Block, section
from bot.cards.words import bounded, escape, visible, who
from core.views.executions import ExecutionView

MOST_LINES = 8
LENGTH = 900  # characters


def proposal_blocks(execution: ExecutionView) -> list[Block]:
    """Return the agent's words; nothing for a run that no agent proposed."""
    said = execution.proposal
    if said is None:
        return []
    people = ", ".join(who(person) for person in said.people or [said.owner])
    lead = f"📝 _Written by agent *{escape(said.agent)}* for {people}. A program wrote it, so check what it says:_"
    return [section(f"{lead}\n{_quoted(said.text)}")]


def _quoted(text: str) -> str:
    lines = [line.strip() for line in visible(text).splitlines() if line.strip()]
    quote = "\n".join(f"> {escape(line)}" for line in lines[:MOST_LINES])
    cut = bounded(quote, LENGTH)
    return f"{cut}\n> …" if len(lines) > MOST_LINES and cut == quote else cut
