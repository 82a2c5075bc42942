"""The headline and the outcome of a run.

The headline is the run's one message in the incident's channel, updated in place. The outcome is a message of its own,
so that the channel notices the end.
"""

from datetime import datetime

from bot.cards.about import freeze_blocks, freeze_words, metadata, parameter_blocks, plain_title, tag, title
from bot.cards.blocks import Block, Confirm, Message, actions, button, section, sections
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.steps import FAILED, current_position, step_lines, step_title
from bot.cards.words import SYMBOLS, bounded, duration, escape_sentence, one_line, status_words, who
from core.statuses import ACTIVE, Status
from core.views.executions import ExecutionView, StepView

OUTCOME_ERROR_LENGTH = 1_500


def outcome(execution: ExecutionView, *, page: str = "") -> Message:
    """Return how the run ended, after how long, at which step, and why."""
    words, taken = status_words(execution.status), duration(execution.started_at, execution.finished_at)
    how = f"{words} in {taken}" if taken else words
    why = _why(execution)
    symbol = SYMBOLS[execution.status]
    lead = f"{symbol} {title(execution)} *{how}*, requested by {who(execution.requested_by)}"
    blocks = [section(f"{lead}\n{why}" if why else lead, block_id=f"outcome.{execution.id}")]
    text = f"{symbol} {plain_title(execution)} {how}. {why}".strip()
    return Message(bounded(text, MESSAGE_TEXT), [*blocks, tag(execution, page)], metadata(execution))


def _why(execution: ExecutionView) -> str:
    """Return the run's error, which names the failed step, and which steps are in doubt."""
    said = [execution.error or _error_of_step(execution), *_failed_at_the_end(execution)]
    said += [
        f"It is not known whether step {step.id} happened." for step in execution.steps if _is_in_doubt(step)
    ]
    return bounded(escape_sentence(one_line(" ".join(said))), OUTCOME_ERROR_LENGTH)


def _failed_at_the_end(execution: ExecutionView) -> list[str]:
    """Return a sentence for each finally step that failed: what it should have put back may still be as it was."""
    failed = (step for step in execution.steps if step.in_finally and step.status in FAILED)
    return [
        f"⚠️ The finally step {step.id} did not succeed: {step.error or 'no reason given'}" for step in failed
    ]


def _is_in_doubt(step: StepView) -> bool:
    return step.status is Status.UNKNOWN


def _error_of_step(execution: ExecutionView) -> str:
    """Return the error of the last failed step, for a run that did not succeed and has no error of its own."""
    if execution.status is Status.SUCCEEDED:
        return ""
    main = [step for step in execution.steps if not step.in_finally]
    failed = (step for step in reversed(main) if step.status in FAILED and step.error)
    return next((f"Step {step.id}: {step.error}" for step in failed), "")


ERROR_LENGTH = 1_500
RETRIED = frozenset({Status.FAILED, Status.CANCELLED, Status.TIMED_OUT})


def headline(execution: ExecutionView, *, now: datetime, page: str = "") -> Message:
    """Return the run's status, requester and steps, with a Cancel button while it is active, or Retry if it failed."""
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
        f"requested by {who(execution.requested_by)}"
    )


def _text(execution: ExecutionView) -> str:
    words = status_words(execution.status, execution.waiting_for)
    sentence = f"{SYMBOLS[execution.status]} {plain_title(execution)} {words}"
    if execution.status in ACTIVE:
        position = current_position(execution)
        sentence += (
            f", step {position + 1} of {len(execution.steps)}: {step_title(execution.steps[position])}"
        )
    sentence += f", requested by {who(execution.requested_by)}."
    if said := one_line(" ".join([execution.error or "", *_failed_at_the_end(execution)]).strip()):
        sentence += f" {escape_sentence(said)}"
    return bounded(f"{sentence} {freeze_words(execution.freeze)}".strip(), MESSAGE_TEXT)


def _error_blocks(execution: ExecutionView) -> list[Block]:
    """Return the error. An active run has one, too, while it is being cancelled: it says by whom."""
    said = one_line(" ".join([execution.error or "", *_failed_at_the_end(execution)]).strip())
    lead = _lead(execution)
    return [section(bounded(f"{lead}{escape_sentence(said)}".strip(), ERROR_LENGTH))] if said or lead else []


def _lead(execution: ExecutionView) -> str:
    if execution.status not in ACTIVE:
        return ""
    if execution.outcome is not None:
        return f"*Outcome: {status_words(execution.outcome)}.* The finally steps run before the run ends. "
    return "*Stopping:* " if one_line(execution.error or "") else ""


def _cancel_blocks(execution: ExecutionView) -> list[Block]:
    if execution.status not in ACTIVE or execution.outcome is not None:
        return []
    confirm = Confirm(
        title="Cancel this run?",
        text=f"{execution.runbook} stops. No further step starts; what has already happened is not undone.",
        confirm="Cancel the run",
        deny="Keep running",
    )
    cancel = button("run.cancel", "Cancel", execution.id, style="danger", confirm=confirm)
    return [actions([cancel], block_id=f"run.{execution.id}")]


def _retry_blocks(execution: ExecutionView) -> list[Block]:
    if execution.status not in RETRIED or execution.retried_as is not None:
        return []
    confirm = Confirm(
        title="Retry this run?",
        text=f"{execution.runbook} continues as a new run, from the first step that did not succeed. "
        "Any approval before it is needed again, from somebody other than you.",
        confirm="Retry",
    )
    retry = button("run.retry", "Retry", execution.id, confirm=confirm)
    return [actions([retry], block_id=f"retry.{execution.id}")]
