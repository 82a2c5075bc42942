"""The headline: the one message per execution in the incident's channel, updated in place."""

from datetime import datetime

from bot.cards.about import freeze_blocks, freeze_words, metadata, parameter_blocks, plain_title, tag, title
from bot.cards.blocks import Confirm, actions, button, section, sections
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.message import Block, Message
from bot.cards.steps import current_position, step_lines, step_title
from bot.cards.words import SYMBOLS, bounded, duration, escape_sentence, one_line, status_words, who
from core.statuses import ACTIVE, Status
from core.views.executions import ExecutionView

ERROR_LENGTH = 1_500
RETRIED = frozenset({Status.FAILED, Status.CANCELLED, Status.TIMED_OUT})


def headline(execution: ExecutionView, *, now: datetime, page: str = "") -> Message:
    """What runs, how it stands, who asked, each step; a Cancel button while it is active, Retry if it failed."""
    blocks = [
        section(_first_lines(execution), block_id=f"headline.{execution.id}"),
        *parameter_blocks(execution),
        *sections(step_lines(execution, now)),
        *freeze_blocks(execution.freeze),
        *_error_blocks(execution),
        *_cancel_blocks(execution),
        *_retry_blocks(execution),
        tag(execution, page),
    ]
    return Message(_text(execution), blocks, metadata(execution))


def _first_lines(execution: ExecutionView) -> str:
    words = status_words(execution.status, execution.waiting_for)
    taken = duration(execution.started_at, execution.finished_at)
    return (
        f"{SYMBOLS[execution.status]} {title(execution)} *{words}*{f' in {taken}' if taken else ''}\n"
        f"asked for by {who(execution.requested_by)}"
    )


def _text(execution: ExecutionView) -> str:
    words = status_words(execution.status, execution.waiting_for)
    sentence = f"{SYMBOLS[execution.status]} {plain_title(execution)} {words}"
    if execution.status in ACTIVE:
        position = current_position(execution)
        sentence += (
            f", step {position + 1} of {len(execution.steps)}: {step_title(execution.steps[position])}"
        )
    sentence += f", asked for by {who(execution.requested_by)}."
    if said := one_line(execution.error or ""):
        sentence += f" {escape_sentence(said)}"
    return bounded(f"{sentence} {freeze_words(execution.freeze)}".strip(), MESSAGE_TEXT)


def _error_blocks(execution: ExecutionView) -> list[Block]:
    """Also of an active run: it is being cancelled, and its error says by whom."""
    said = one_line(execution.error or "")
    if not said:
        return []
    lead = "*Stopping:* " if execution.status in ACTIVE else ""
    return [section(bounded(f"{lead}{escape_sentence(said)}", ERROR_LENGTH))]


def _cancel_blocks(execution: ExecutionView) -> list[Block]:
    if execution.status not in ACTIVE:
        return []
    confirm = Confirm(
        title="Cancel this run?",
        text=f"{execution.runbook} stops. No further step starts; what has happened stays as it is.",
        confirm="Cancel the run",
        deny="Let it run",
    )
    cancel = button("run.cancel", "Cancel", execution.id, style="danger", confirm=confirm)
    return [actions([cancel], block_id=f"run.{execution.id}")]


def _retry_blocks(execution: ExecutionView) -> list[Block]:
    if execution.status not in RETRIED or execution.retried_as is not None:
        return []
    confirm = Confirm(
        title="Retry this run?",
        text=f"{execution.runbook} goes on as a new run, from the first step that did not succeed. "
        "An approval before it is asked for again, of somebody else than you.",
        confirm="Retry",
    )
    retry = button("run.retry", "Retry", execution.id, confirm=confirm)
    return [actions([retry], block_id=f"retry.{execution.id}")]
