"""The messages of one channel, in the order of their timestamps, with their threads."""

from collections.abc import Iterator

from slack_sandbox.workspace.models import Message


class History:
    def __init__(self) -> None:
        self._messages: dict[str, Message] = {}
        self._threads: dict[str, list[str]] = {}

    def add(self, message: Message) -> None:
        self._messages[message.ts] = message
        if message.thread_ts and message.is_reply:
            self._threads.setdefault(message.thread_ts, []).append(message.ts)

    def replace(self, message: Message) -> None:
        self._messages[message.ts] = message

    def remove(self, message: Message) -> None:
        del self._messages[message.ts]
        if message.thread_ts and message.is_reply:
            self._threads[message.thread_ts].remove(message.ts)

    def get(self, ts: str) -> Message | None:
        return self._messages.get(ts)

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._messages.values()))

    def replies(self, parent_ts: str) -> list[Message]:
        return [self._messages[ts] for ts in self._threads.get(parent_ts, ())]

    def top_level(self) -> list[Message]:
        """What the channel itself shows: no replies, except those sent to the channel too."""
        return [message for message in self if not message.is_reply or message.broadcast]
