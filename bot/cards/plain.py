"""A text that is said as it stands: of a `message` step or action, with the tag that tells where it comes from."""

from bot.cards.about import metadata, tag
from bot.cards.blocks import Block, Message, context, sections
from bot.cards.limits import BLOCK_ID, MESSAGE_TEXT
from bot.cards.words import bounded, escape, escape_sentence
from core.views.executions import ExecutionView

MOST_TEXT = 30_000  # ten sections


def plain(
    text: str,
    *,
    execution: ExecutionView | None = None,
    workflow: str | None = None,
    workflow_execution_id: str | None = None,
    block_id: str | None = None,
) -> Message:
    """From a step: with its `execution`. From an action: with the workflow's name and execution id.

    `block_id`: of what is said by neither, and is about something that it names.

    Mentions of people and channels in the text work; `<!channel>` and links under another name do not. Whose words
    they are stands in a context block behind them, which no text can make.
    """
    said = bounded(escape_sentence(text.strip()) or "…", MOST_TEXT)
    blocks = sections(said.split("\n"))
    if block_id is not None:
        blocks[0]["block_id"] = bounded(block_id, BLOCK_ID)
    if execution is not None:
        runbook = context(f"said by runbook *{escape(execution.runbook)}* v{execution.runbook_version}")
        whose = [runbook, tag(execution)]
        return Message(bounded(said, MESSAGE_TEXT), [*blocks, *whose], metadata(execution))
    return Message(bounded(said, MESSAGE_TEXT), [*blocks, *_workflow_tag(workflow, workflow_execution_id)])


def _workflow_tag(workflow: str | None, workflow_execution_id: str | None) -> list[Block]:
    if workflow is None:
        return []
    return [context(f"workflow *{escape(workflow)}* {escape(workflow_execution_id or '')}")]
