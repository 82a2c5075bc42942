"""Render a Slack channel as plain text for the terminal."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from cli.demo.sandbox_client import Message
from cli.demo.stage import PEOPLE, demo_workspace

# Slack's syntax in angle brackets: https://docs.slack.dev/messaging/formatting-message-text
ENTITY = re.compile(r"<(?P<what>[@#!]|(?=[a-z][a-z+.-]*:))(?P<name>[^<>|\n]+)(?:\|(?P<label>[^<>\n]*))?>")
ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
BOT = "Runbook"
STAGED = demo_workspace(0)
NAMES = {
    STAGED.app.bot_user_id: BOT,
    **{person.id: person.real_name for person in PEOPLE},
    **{channel.id: channel.name for channel in STAGED.channels},
}


def transcript(messages: Sequence[Message]) -> str:
    """Return one paragraph per message, thread replies indented, with the ids of a run and its workflow execution."""
    return "\n".join(_paragraph(message) for message in messages)


def readable(markup: str) -> str:
    """Return Slack's markup as readers see it: people and channels by name, times in UTC, links with addresses."""
    shown = ENTITY.sub(_entity, markup)
    for escaped, character in ESCAPES:
        shown = shown.replace(escaped, character)
    return shown


def _entity(found: re.Match[str]) -> str:
    what, name, label = found["what"], found["name"], found["label"]
    if not what:
        return f"{label} ({name})" if label else name
    if what != "!":
        return what + (label or NAMES.get(name, name))
    command, *arguments = name.split("^")
    if command == "date":
        return label or _date(arguments) or found[0]
    return label or f"@{arguments[0] if arguments else command}"


def _date(arguments: Sequence[str]) -> str | None:
    """Return the time in UTC, used when a date has no fallback text; None if the timestamp is invalid."""
    try:
        return f"{datetime.fromtimestamp(int(arguments[0]), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError, IndexError):
        return None


def _paragraph(message: Message) -> str:
    author = NAMES.get(str(message.get("user")), BOT)
    is_reply = message.get("thread_ts") not in (None, message["ts"])
    time = datetime.fromtimestamp(float(message["ts"]), UTC).strftime("%H:%M:%S")
    lines = readable(str(message.get("text", ""))).splitlines() or [""]
    payload = (message.get("metadata") or {}).get("event_payload", {})
    if payload.get("workflow_execution_id"):
        lines.append(f"[{payload['execution_id']} caused by {payload['workflow_execution_id']}]")
    indent = "    " if is_reply else ""
    return "\n".join(f"{indent}{time} {author}: {line}" for line in lines)
