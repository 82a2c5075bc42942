"""The outcome: how a run ended, as a message of its own, so that the channel notices."""

from bot.cards.about import metadata, plain_title, tag, title
from bot.cards.blocks import section
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.message import Message
from bot.cards.steps import FAILED
from bot.cards.words import SYMBOLS, bounded, duration, escape_sentence, one_line, status_words, who
from core.statuses import Status
from core.views.executions import ExecutionView, StepView

ERROR_LENGTH = 1_500


def outcome(execution: ExecutionView, *, page: str = "") -> Message:
    """Succeeded, failed, cancelled or timed out: after how long, at which step, and why."""
    words, taken = status_words(execution.status), duration(execution.started_at, execution.finished_at)
    how = f"{words} in {taken}" if taken else words
    why = _why(execution)
    symbol = SYMBOLS[execution.status]
    lead = f"{symbol} {title(execution)} *{how}*, asked for by {who(execution.requested_by)}"
    blocks = [section(f"{lead}\n{why}" if why else lead, block_id=f"outcome.{execution.id}")]
    text = f"{symbol} {plain_title(execution)} {how}. {why}".strip()
    return Message(bounded(text, MESSAGE_TEXT), [*blocks, tag(execution, page)], metadata(execution))


def _why(execution: ExecutionView) -> str:
    """The run's error, which names the failing step; and which steps nobody knows the truth of."""
    said = [execution.error or _error_of_step(execution)]
    said += [
        f"Nobody knows whether step {step.id} happened." for step in execution.steps if _is_in_doubt(step)
    ]
    return bounded(escape_sentence(one_line(" ".join(said))), ERROR_LENGTH)


def _is_in_doubt(step: StepView) -> bool:
    return step.status is Status.UNKNOWN


def _error_of_step(execution: ExecutionView) -> str:
    """Of a run that did not succeed and says nothing itself: what its last failed step says."""
    if execution.status is Status.SUCCEEDED:
        return ""
    failed = (step for step in reversed(execution.steps) if step.status in FAILED and step.error)
    return next((f"Step {step.id}: {step.error}" for step in failed), "")
