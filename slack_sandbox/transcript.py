"""A channel as Markdown: who said what when, with threads, files and reactions."""

from datetime import UTC, datetime

from slack_sandbox.values import ts_microseconds
from slack_sandbox.workspace.models import Channel, Message
from slack_sandbox.workspace.state import Workspace


def transcript(workspace: Workspace, channel: Channel) -> str:
    """Oldest first, times in UTC."""
    history = workspace.histories[channel.id]
    lines = [f"# {'' if channel.is_im else '#'}{channel.name}", ""]
    if channel.topic:
        lines += [channel.topic, ""]
    for message in history.top_level():
        lines += entry(workspace, message, "")
        for reply in history.replies(message.ts):
            lines += entry(workspace, reply, "  ")
    return "\n".join(lines) + "\n"


def entry(workspace: Workspace, message: Message, indent: str) -> list[str]:
    """One message as an item of a list; what belongs to it is indented below."""
    at = datetime.fromtimestamp(ts_microseconds(message.ts) / 1_000_000, UTC)
    author = message.author.username or _name(workspace, message.author.user)
    first, *rest = (text_of(message) or "(no text)").split("\n")
    edited = " (edited)" if message.edited else ""
    lines = [f"{indent}- {at:%Y-%m-%d %H:%M:%S} **{author}**: {first}{edited}"]
    lines += [f"{indent}  {line}" for line in rest]
    for file_id in message.files:
        file = workspace.files.get(file_id)
        if file:
            lines.append(f"{indent}  file: {file.name} ({len(file.content or b'')} bytes)")
    if message.reactions:
        given = ", ".join(f":{name}: {_name(workspace, user)}" for name, user in message.reactions)
        lines.append(f"{indent}  reactions: {given}")
    return lines


def text_of(message: Message) -> str:
    """The text; for blocks without one, what their texts say."""
    if message.content.text:
        return message.content.text
    texts = [block.get("text") for block in message.content.blocks]
    return "\n".join(text["text"] for text in texts if isinstance(text, dict))


def _name(workspace: Workspace, user_id: str) -> str:
    user = workspace.users.get(user_id)
    return user.real_name if user else user_id
