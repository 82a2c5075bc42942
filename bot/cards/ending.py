"""The end of a run: why it did not succeed, what the failed step answered, and what to press next."""

from bot.cards.blocks import Block, Confirm, actions, button, section
from bot.cards.detail import output_lines
from bot.cards.limits import SECTION_TEXT
from bot.cards.steps import FAILED, step_title
from bot.cards.words import bounded, counted, escape_sentence, one_line
from core.statuses import Status
from core.views.executions import ExecutionView, StepView
from core.views.run_cards import RetryView

ERROR_LENGTH = 1_500
ANSWER_LENGTH = 700  # characters of what the failed step answered: the thread and the details have more
MOST_NAMES = 5


def why(execution: ExecutionView) -> str:
    """Return the run's error, which names the failed step, and which steps are in doubt."""
    said = [execution.error or _error_of_step(execution), *failed_at_the_end(execution)]
    said += [
        f"It is not known whether step {step.id} happened."
        for step in execution.steps
        if step.status is Status.UNKNOWN
    ]
    return bounded(escape_sentence(one_line(" ".join(said))), ERROR_LENGTH)


def failed_at_the_end(execution: ExecutionView) -> list[str]:
    """Return a sentence for each finally step that failed: what it should have put back may still be as it was."""
    failed = (step for step in execution.steps if step.in_finally and step.status in FAILED)
    return [
        f"⚠️ The finally step {step.id} did not succeed: {step.error or 'no reason given'}" for step in failed
    ]


def _error_of_step(execution: ExecutionView) -> str:
    """Return the error of the last failed step, for a run that did not succeed and has no error of its own."""
    step = failed_step(execution)
    return f"Step {step.id}: {step.error}" if step is not None and step.error else ""


def failed_step(execution: ExecutionView) -> StepView | None:
    """Return the step at which the run ended without success: the one in doubt, or the last that failed."""
    if not execution.status.is_final or execution.status is Status.SUCCEEDED:
        return None
    main = [step for step in execution.steps if not step.in_finally]
    doubtful = (step for step in main if step.status is Status.UNKNOWN)
    failed = (step for step in reversed(main) if step.status in FAILED and step.error)
    return next(doubtful, None) or next(failed, None)


def answer_blocks(execution: ExecutionView) -> list[Block]:
    """Return what the failed step answered, as code, if it answered anything."""
    step = failed_step(execution)
    lines = output_lines(step, ANSWER_LENGTH) if step is not None else []
    if step is None or not lines:
        return []
    text = "\n".join([f"*{step_title(step)}* answered: {lines[0]}", *lines[1:]])
    return [section(bounded(text, SECTION_TEXT))]


def next_blocks(execution: ExecutionView, retry: RetryView | None) -> list[Block]:
    """Return the buttons of a run that ended without success: Retry, until it is retried, and Details."""
    if not execution.status.is_final or execution.status is Status.SUCCEEDED:
        return []
    is_offered = retry is not None and execution.retried_as is None
    buttons = [_retry_button(execution, retry)] if retry and is_offered and retry.from_step else []
    if failed_step(execution) is not None:
        buttons.append(button("run.details", "Details", execution.id))
    refused = [section(escape_sentence(retry.refused))] if retry and is_offered and retry.refused else []
    return [*refused, *([actions(buttons, block_id=f"next.{execution.id}")] if buttons else [])]


def _retry_button(execution: ExecutionView, retry: RetryView) -> Block:
    confirm = Confirm(title="Retry this run?", text=retry_words(execution, retry), confirm="Retry")
    return button("run.retry", f"Retry from {retry.from_step}", execution.id, confirm=confirm)


def retry_words(execution: ExecutionView, retry: RetryView) -> str:
    """Return what the retry does. It ends before Slack's limit of a dialog, so the names are few."""
    words = f"A new run of {execution.runbook} continues with {_names(retry.again)}"
    if retry.asked:
        words += f", after {_names(retry.asked)} has been approved again by somebody other than you"
    return f"{words}. What succeeded before is not repeated."


def _names(names: tuple[str, ...]) -> str:
    """Return `promote`, `promote and verify`, or `7 steps (promote to verify)`."""
    if len(names) > 2 or sum(map(len, names)) > 80:
        return f"{counted(len(names), 'step')} ({names[0][:30]} to {names[-1][:30]})"
    return " and ".join(names)
