"""The headline of a run: its one message in the incident's channel, updated in place."""

from datetime import datetime

from bot.cards.about import freeze_blocks, freeze_words, metadata, parameter_blocks, plain_title, tag, title
from bot.cards.blocks import Block, Confirm, Message, actions, button, context, section, sections
from bot.cards.ending import failed_at_the_end, failed_step, next_blocks
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.links import links_line
from bot.cards.outcome import NO_FACTS, people_words
from bot.cards.progress import progress_line, progress_words, usual_words
from bot.cards.steps import ERROR_LENGTH as STEP_ERROR_LENGTH
from bot.cards.steps import current_position, step_lines, step_title
from bot.cards.verdict import verdict_buttons
from bot.cards.words import (
    SYMBOLS,
    bounded,
    code,
    duration,
    escape,
    escape_sentence,
    one_line,
    status_words,
    who,
)
from core.statuses import ACTIVE, Status, WaitingFor
from core.views.executions import ExecutionView
from core.views.run_cards import CardFacts, LockView

ERROR_LENGTH = 1_500
LOCK_LENGTH = 120


def headline(
    execution: ExecutionView, facts: CardFacts = NO_FACTS, *, now: datetime, page: str = ""
) -> Message:
    """Return the run's status, people, progress and steps, and the buttons of what can be done next.

    While it is active, that is Cancel, or the answers where a step is in doubt; at its end, Retry and Details.
    """
    blocks = [
        section(_first_lines(execution, facts), block_id=f"headline.{execution.id}"),
        *parameter_blocks(execution),
        *_progress_blocks(execution, facts, now),
        *sections(step_lines(execution, now)),
        *_lock_blocks(facts.lock),
        *freeze_blocks(execution.freeze),
        *_error_blocks(execution),
        *_active_blocks(execution),
        *next_blocks(execution, facts.retry),
        *_link_blocks(execution),
        tag(execution, page),
    ]
    return Message(_text(execution, facts, now), blocks, metadata(execution))


def _first_lines(execution: ExecutionView, facts: CardFacts) -> str:
    words = status_words(execution.status, execution.waiting_for)
    taken = duration(execution.started_at, execution.finished_at)
    return (
        f"{SYMBOLS[execution.status]} {title(execution)} *{words}*{f' in {taken}' if taken else ''}\n"
        f"{people_words(execution, facts)}"
    )


def _progress_blocks(execution: ExecutionView, facts: CardFacts, now: datetime) -> list[Block]:
    """Return the progress of an active run, and of one that ended before everything was done."""
    if execution.status in ACTIVE:
        return [section(progress_line(execution, facts.usual_seconds, now))]
    return [] if execution.status is Status.SUCCEEDED else [section(progress_words(execution))]


def _text(execution: ExecutionView, facts: CardFacts, now: datetime) -> str:
    """Return the whole card as sentences, for notifications and screen readers."""
    words = status_words(execution.status, execution.waiting_for)
    taken = duration(execution.started_at, execution.finished_at)
    sentence = (
        f"{SYMBOLS[execution.status]} {plain_title(execution)} {words}{f' in {taken}' if taken else ''}"
    )
    if execution.status in ACTIVE:
        position = current_position(execution)
        sentence += (
            f", step {position + 1} of {len(execution.steps)}: {step_title(execution.steps[position])}"
        )
    sentence += f", {people_words(execution, facts)}. {_progress_text(execution, facts, now)}"
    said = one_line(" ".join([execution.error or "", *failed_at_the_end(execution)]).strip())
    parts = [sentence, escape_sentence(said), lock_words(facts.lock), freeze_words(execution.freeze)]
    return bounded(" ".join(part.strip() for part in parts if part.strip()), MESSAGE_TEXT)


def _progress_text(execution: ExecutionView, facts: CardFacts, now: datetime) -> str:
    if execution.status is Status.SUCCEEDED:
        return ""
    usual = usual_words(execution, facts.usual_seconds, now) if execution.status in ACTIVE else ""
    words = f"{progress_words(execution)}."
    return f"{words} It {usual}." if usual else words


def _lock_blocks(lock: LockView | None) -> list[Block]:
    words = lock_words(lock)
    return [context(words)] if words else []


def lock_words(lock: LockView | None) -> str:
    """Return whether the run holds its lock, or else who does, as far as its channel may know."""
    if lock is None:
        return ""
    name = code(lock.name, LOCK_LENGTH)
    if lock.is_held:
        return f"🔒 It holds the lock {name}."
    if lock.holder is None:
        return f"🔒 Another run holds the lock {name}."
    holder = f"{escape(lock.holder.runbook)} ({lock.holder.execution_id})"
    return f"🔒 The lock {name} is held by {holder}, requested by {who(lock.holder.requested_by)}."


def _link_blocks(execution: ExecutionView) -> list[Block]:
    line = links_line(execution)
    return [context(line)] if line else []


def _error_blocks(execution: ExecutionView) -> list[Block]:
    """Return the error. An active run has one, too, while it is being cancelled: it says by whom."""
    error = "" if _is_on_its_step(execution) else execution.error or ""
    said = one_line(" ".join([error, *failed_at_the_end(execution)]).strip())
    lead = _lead(execution)
    return [section(bounded(f"{lead}{escape_sentence(said)}".strip(), ERROR_LENGTH))] if said or lead else []


def _is_on_its_step(execution: ExecutionView) -> bool:
    """Return True if the failed step's own line says the whole error already."""
    step = failed_step(execution)
    if step is None or step.error is None or len(step.error) > STEP_ERROR_LENGTH:
        return False
    return execution.error == f"Step {step.id}: {step.error}"


def _lead(execution: ExecutionView) -> str:
    if execution.status not in ACTIVE:
        return ""
    if execution.outcome is not None:
        return f"*Outcome: {status_words(execution.outcome)}.* The finally steps run before the run ends. "
    return "*Stopping:* " if one_line(execution.error or "") else ""


def _active_blocks(execution: ExecutionView) -> list[Block]:
    """Return the answers where a step is in doubt, and Cancel while there is something to cancel."""
    if execution.status not in ACTIVE:
        return []
    step = execution.steps[current_position(execution)]
    asked = execution.waiting_for is WaitingFor.VERDICT and step.status is Status.UNKNOWN
    answers = [verdict_buttons(execution, step, f"headline.{execution.id}")] if asked else []
    return [*answers, *([_cancel_block(execution)] if execution.outcome is None else [])]


def cancel_words(execution: ExecutionView) -> str:
    """Return what a cancel does, in plain text."""
    return f"{execution.runbook} stops. No further step starts; what has already happened is not undone."


def _cancel_block(execution: ExecutionView) -> Block:
    confirm = Confirm(
        title="Cancel this run?",
        text=cancel_words(execution),
        confirm="Cancel the run",
        deny="Keep running",
    )
    cancel = button("run.cancel", "Cancel", execution.id, style="danger", confirm=confirm)
    return actions([cancel], block_id=f"run.{execution.id}")
