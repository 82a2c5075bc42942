"""The content of a message as Slack takes it: its text, blocks and attachments."""

from typing import Any

from slack_sandbox.block_kit.blocks import block_problems
from slack_sandbox.block_kit.limits import with_identities
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Content

MESSAGE_TEXT = 40_000
ATTACHMENTS = 100


def checked_content(text: str, blocks: Any, attachments: Any) -> Content:
    """The content to show. Raises SlackError: no_text, msg_too_long, invalid_blocks and their like."""
    content = Content(checked_text(text), checked_blocks(blocks), checked_attachments(attachments))
    if not (content.text.strip() or content.blocks or content.attachments):
        raise SlackError("no_text")
    return content


def checked_text(text: str) -> str:
    if len(text) > MESSAGE_TEXT:
        raise SlackError("msg_too_long")
    return text


def checked_blocks(blocks: Any) -> tuple[Json, ...]:
    """The blocks with their ids filled in. Raises SlackError invalid_blocks_format or invalid_blocks."""
    if blocks is None:
        return ()
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    problems = [str(problem) for problem in block_problems(blocks)]
    if problems:
        raise SlackError("invalid_blocks", problems)
    return tuple(with_identities(blocks))


def checked_attachments(attachments: Any) -> tuple[Json, ...]:
    if attachments is None:
        return ()
    if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return tuple(attachments)
