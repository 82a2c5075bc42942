"""An app's responses: in the acknowledgement of a command, or to a response URL.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from dataclasses import dataclass
from datetime import datetime

from slack_sandbox.metadata import checked_metadata
from slack_sandbox.response_urls import ResponseUrl
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.content import checked_content
from slack_sandbox.workspace.models import Content, Draft, Message
from slack_sandbox.workspace.posting import (
    delete,
    delete_ephemeral,
    edit,
    post,
    post_ephemeral,
    replace_ephemeral,
)
from slack_sandbox.workspace.state import Workspace


@dataclass(frozen=True)
class Reply:
    """An app's answer, understood. ``content`` is None only with ``delete_original``."""

    content: Content | None
    in_channel: bool
    replace_original: bool
    delete_original: bool
    thread_ts: str | None
    metadata: Json | None


def understand(body: Json) -> Reply:
    """Raises SlackError when Slack would not show this."""
    delete_original = is_true(body.get("delete_original"))
    content = None
    if not delete_original:
        content = checked_content(str(body.get("text") or ""), body.get("blocks"), body.get("attachments"))
    metadata = body.get("metadata")
    return Reply(
        content=content,
        in_channel=body.get("response_type") == "in_channel",
        replace_original=is_true(body.get("replace_original")),
        delete_original=delete_original,
        thread_ts=body.get("thread_ts"),
        metadata=None if metadata is None else checked_metadata(metadata),
    )


def is_true(value: object) -> bool:
    return value is True or str(value).lower() == "true"


def carry_out(workspace: Workspace, url: ResponseUrl, reply: Reply, now: datetime) -> None:
    """Post, replace or delete, as the app requested. Raises SlackError."""
    original = find_original(workspace, url)
    if reply.content is None:
        if original:
            _delete(workspace, original)
        return
    if reply.replace_original and original:
        _replace(workspace, original, reply, now)
        return
    author = workspace.app_author()
    thread_ts = reply.thread_ts or (None if reply.in_channel else url.thread_ts)
    draft = Draft(url.channel, author, reply.content, metadata=reply.metadata, thread_ts=thread_ts)
    if reply.in_channel:
        post(workspace, draft, now)
    else:
        post_ephemeral(workspace, draft, url.user, now)


def find_original(workspace: Workspace, url: ResponseUrl) -> Message | None:
    if not url.original_ts:
        return None
    ephemeral = workspace.ephemerals[url.channel].get(url.original_ts)
    return ephemeral or workspace.histories[url.channel].get(url.original_ts)


def _delete(workspace: Workspace, original: Message) -> None:
    if original.ephemeral_to:
        delete_ephemeral(workspace, original)
    else:
        _refuse_others(workspace, original)
        delete(workspace, original)


def _replace(workspace: Workspace, original: Message, reply: Reply, now: datetime) -> None:
    content = reply.content or original.content
    if original.ephemeral_to:
        replace_ephemeral(workspace, original, content)
        return
    _refuse_others(workspace, original)
    edit(workspace, original, content, reply.metadata or original.metadata, now)


def _refuse_others(workspace: Workspace, original: Message) -> None:
    if original.author.bot_id != workspace.app.bot_id:
        raise SlackError("cant_update_message")
