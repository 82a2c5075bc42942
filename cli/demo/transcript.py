"""A channel as text, for the terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cli.demo.sandbox_client import Message
from cli.demo.workspace import PEOPLE


def transcript(messages: Sequence[Message]) -> str:
    """One paragraph a message, thread replies indented, with the tag of what caused it."""
    return "\n".join(_paragraph(message) for message in messages)


def _paragraph(message: Message) -> str:
    names = {person.id: person.real_name for person in PEOPLE}
    author = names.get(str(message.get("user")), "Runbook")
    is_reply = message.get("thread_ts") not in (None, message["ts"])
    time = datetime.fromtimestamp(float(message["ts"]), UTC).strftime("%H:%M:%S")
    lines = str(message.get("text", "")).splitlines() or [""]
    payload = (message.get("metadata") or {}).get("event_payload", {})
    if payload.get("workflow_execution_id"):
        lines.append(f"[{payload['execution_id']} caused by {payload['workflow_execution_id']}]")
    indent = "    " if is_reply else ""
    return "\n".join(f"{indent}{time} {author}: {line}" for line in lines)
