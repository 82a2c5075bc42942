"""The verdict card: the question "Did this step happen?" after a crash, and later its answer."""

from bot.cards.about import freeze_blocks, freeze_words, metadata, plain_title, tag, title
from bot.cards.blocks import Block, Confirm, Message, actions, button, section
from bot.cards.changes import request_text
from bot.cards.limits import MESSAGE_TEXT
from bot.cards.steps import step_title
from bot.cards.words import bounded, code_block, escape_sentence, one_line, status_words
from core.statuses import Status, WaitingFor
from core.views.executions import ExecutionView, StepView

REQUEST_LENGTH = 1_500
ERROR_LENGTH = 600
RUN_AGAIN = "If it did happen, its side effect happens twice. Any approval before it is needed again."


def verdict(execution: ExecutionView, position: int, attempt: int) -> Message:
    """Return the question about one attempt of the step at `position`, or its answer once it is no longer asked."""
    step = execution.steps[position]
    block_id = f"verdict.{execution.id}.{position}.{attempt}"
    if not _is_asked(execution, step, attempt):
        answer = _answer(execution, step, attempt)
        blocks = [section(f"*{step_title(step)}* of {title(execution)}: {answer}", block_id=block_id)]
        text = f"{step_title(step)} of {plain_title(execution)}: {answer}"
        return Message(bounded(text, MESSAGE_TEXT), [*blocks, tag(execution)], metadata(execution))
    frozen = freeze_blocks(execution.freeze)
    blocks = [
        *_question(execution, step, block_id),
        *frozen,
        verdict_buttons(execution, step, block_id),
        tag(execution),
    ]
    text = f"❓ Did step {step_title(step)} of {plain_title(execution)} happen? {_why(step)}"
    text = f"{text} {freeze_words(execution.freeze)}".strip()
    return Message(bounded(text, MESSAGE_TEXT), blocks, metadata(execution))


def _is_asked(execution: ExecutionView, step: StepView, attempt: int) -> bool:
    asks = execution.waiting_for is WaitingFor.VERDICT
    return asks and step.status is Status.UNKNOWN and step.attempt == attempt


def _question(execution: ExecutionView, step: StepView, block_id: str) -> list[Block]:
    lead = f"❓ *Did step {step_title(step)} happen?* {title(execution)} is waiting for your answer.\n{_why(step)}"
    blocks = [section(lead, block_id=block_id)]
    if step.request is not None:
        blocks.append(section(f"The request was:\n{code_block(request_text(step.request), REQUEST_LENGTH)}"))
    return blocks


def _why(step: StepView) -> str:
    error = step.error or "It is not known whether it happened."
    return f"{bounded(escape_sentence(one_line(error)), ERROR_LENGTH)} Check the target system, then answer."


def verdict_buttons(execution: ExecutionView, step: StepView, block_id: str) -> Block:
    """Return the three answers to whether this attempt of the step happened."""
    value = f"{execution.id}:{step.id}:{step.attempt}"
    confirm = Confirm(
        title="Run it again?",
        text=RUN_AGAIN,
        confirm="Run it again",
    )
    ran = button("verdict.ran", "It ran", value, style="primary")
    did_not = button("verdict.did_not_run", "It did not run", value)
    again = button("verdict.run_again", "Run it again", value, style="danger", confirm=confirm)
    return actions([ran, did_not, again], block_id=f"answer.{block_id}")


def _answer(execution: ExecutionView, step: StepView, attempt: int) -> str:
    """Return the answer as far as the step's state shows it; the verdict itself is in the audit trail."""
    output = step.output if isinstance(step.output, dict) else {}
    if step.attempt > attempt or step.status in (Status.PENDING, Status.RUNNING, Status.WAITING):
        return "🔁 run again."
    if output.get("verdict") == "ran":
        return f"✅ it ran, according to {escape_sentence(str(output.get('by', 'somebody')))}."
    if step.status is Status.FAILED and step.error:
        return f"❌ {bounded(escape_sentence(one_line(step.error)), ERROR_LENGTH)}"
    return f"🚫 no answer is needed any more: the run is {status_words(execution.status)}."
