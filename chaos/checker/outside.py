"""Facts from outside the product: Slack's messages and deliveries, and the traces that commands wrote."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from chaos.checker.facts import Delivery, Message, Trace

POSTED_AFTER = (
    2.0  # seconds within which a message is posted whose lookup failed just before the strike ended
)


def read_messages(log: Mapping[str, Any]) -> list[Message]:
    """Return the app's messages in the sandbox's log, including threads."""
    return [
        _message(channel, message)
        for channel, messages in log["messages"].items()
        for message in messages
        if message.get("bot_id") and message.get("blocks")
    ]


def _message(channel: str, message: Mapping[str, Any]) -> Message:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    blocks = message["blocks"]
    elements = [element for block in blocks for element in block.get("elements", [])]
    return Message(
        channel=channel,
        ts=str(message["ts"]),
        text=str(message.get("text", "")),
        card=str(blocks[0].get("block_id", "")),
        status=str(payload.get("status", "")),
        notice=str(payload.get("notice_id", "")),
        part=int(payload.get("part", 0)),
        actions=frozenset(str(element["action_id"]) for element in elements if "action_id" in element),
    )


def without_allowed_repeats(
    messages: Sequence[Message], unreadable: Sequence[tuple[float, float]]
) -> list[Message]:
    """Drop earlier copies of messages that had to be posted again because Slack did not let the app look them up.

    `unreadable`: the periods in which lookups failed; a message in doubt is then posted again rather than lost.
    """
    last = {(message.notice, message.part): message for message in messages if message.notice}
    return [
        message
        for message in messages
        if not message.notice
        or last[message.notice, message.part] is message
        or not _is_within(last[message.notice, message.part], unreadable)
    ]


def _is_within(message: Message, times: Sequence[tuple[float, float]]) -> bool:
    return any(since <= float(message.ts) <= until + POSTED_AFTER for since, until in times)


def read_deliveries(log: Mapping[str, Any]) -> list[Delivery]:
    """Return what Slack sent the app."""
    return [
        Delivery(
            number=int(record["n"]),
            at=datetime.fromisoformat(record["at"]).timestamp(),
            kind=str(record["delivery"]["kind"]),
            outcome=str(record["outcome"]),
            seconds=float(record["seconds"]),
        )
        for record in log["deliveries"]
    ]


def read_traces(file: Path) -> list[Trace]:
    """Parse a file with one trace per line: `KEY PID WORD SECONDS`."""
    return _traces(file.read_text(encoding="utf-8").splitlines()) if file.exists() else []


def _traces(lines: Iterable[str]) -> list[Trace]:
    parted = (line.split() for line in lines)
    return [Trace(key, int(pid), word, float(at)) for key, pid, word, at in parted]
