"""The outcome of a run: a message of its own, so that the channel notices the end, with what to press next."""

from bot.cards.about import metadata, plain_title, tag, title
from bot.cards.blocks import Message, section
from bot.cards.ending import answer_blocks, next_blocks, why
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.words import SYMBOLS, bounded, duration, status_words, who
from core.views.executions import ExecutionView
from core.views.run_cards import CardFacts

MOST_PEOPLE = 5
NO_FACTS = CardFacts()


def outcome(execution: ExecutionView, facts: CardFacts = NO_FACTS, *, page: str = "") -> Message:
    """Return how the run ended, after how long, who asked for it and approved it, at which step it failed, and why."""
    words, taken = status_words(execution.status), duration(execution.started_at, execution.finished_at)
    how = f"{words} in {taken}" if taken else words
    reason = why(execution)
    symbol, people = SYMBOLS[execution.status], people_words(execution, facts)
    lead = f"{symbol} {title(execution)} *{how}*, {people}"
    blocks = [
        section(f"{lead}\n{reason}" if reason else lead, block_id=f"outcome.{execution.id}"),
        *answer_blocks(execution),
        *next_blocks(execution, facts.retry),
        tag(execution, page),
    ]
    text = f"{symbol} {plain_title(execution)} {how}, {people}. {reason}".strip()
    return Message(bounded(text, MESSAGE_TEXT), blocks, metadata(execution))


def people_words(execution: ExecutionView, facts: CardFacts) -> str:
    """Return `requested by @ops, approved by @anna and @ben`."""
    asked = f"requested by {who(execution.requested_by)}"
    if not facts.approved_by:
        return asked
    named = [who(person) for person in facts.approved_by[:MOST_PEOPLE]]
    more = len(facts.approved_by) - len(named)
    named += [f"{more} more"] if more > 0 else []
    *others, last = named
    return (
        f"{asked}, approved by {', '.join(others)} and {last}" if others else f"{asked}, approved by {last}"
    )
