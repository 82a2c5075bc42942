"""The text of a `message` step or action as a Slack message, with a tag that says where it comes from."""

from bot.cards.about import metadata, tag
from bot.cards.blocks import Block, Message, context, sections
from bot.cards.limits import BLOCK_ID, MESSAGE_TEXT
from bot.cards.words import NOTHING, bounded, escape, escape_message, is_visible
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
    """Return the message. A step passes its `execution`, an action the workflow's name and execution id.

    `block_id` is for a message of neither; it names the message's subject. Mentions of people and channels in the text
    work; `<!channel>` and links with a label do not. A context block below the text, which no text can forge, says
    whose words they are.
    """
    said = bounded(escape_message(text.strip() if is_visible(text) else NOTHING), MOST_TEXT)
    blocks = sections(said.split("\n"))
    if block_id is not None:
        blocks[0]["block_id"] = bounded(block_id, BLOCK_ID)
    if execution is not None:
        runbook = context(f"posted by runbook *{escape(execution.runbook)}* v{execution.runbook_version}")
        whose = [runbook, tag(execution)]
        return Message(bounded(said, MESSAGE_TEXT), [*blocks, *whose], metadata(execution))
    return Message(bounded(said, MESSAGE_TEXT), [*blocks, *_workflow_tag(workflow, workflow_execution_id)])


def _workflow_tag(workflow: str | None, workflow_execution_id: str | None) -> list[Block]:
    if workflow is None:
        return []
    return [context(f"workflow *{escape(workflow)}* {escape(workflow_execution_id or '')}")]
