"""A message as somebody sees it, and its thread."""

from dataclasses import dataclass
from functools import partial

from slack_sandbox.testing.connection import Connection
from slack_sandbox.testing.words import BUTTONS, Wanted, elements_in, matches, shown, words_of_message
from slack_sandbox.values import Json, ts_microseconds


@dataclass(frozen=True)
class Message:
    """A message at one moment. `content`: Slack's message object; `viewer`: who looks at it."""

    connection: Connection
    viewer: str
    channel: str
    content: Json

    @property
    def ts(self) -> str:
        return str(self.content["ts"])

    @property
    def text(self) -> str:
        """What a notification says: the `text` without the blocks."""
        return str(self.content.get("text", ""))

    @property
    def words(self) -> str:
        """Every text in its blocks and attachments, and its `text`."""
        return words_of_message(self.content)

    @property
    def blocks(self) -> list[Json]:
        return list(self.content.get("blocks", ()))

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return [each.label for each in elements_in(self.blocks) if each.kind in BUTTONS]

    @property
    def is_ephemeral(self) -> bool:
        """True if only one person sees it."""
        return bool(self.content.get("ephemeral"))

    @property
    def thread(self) -> "Thread":
        root = str(self.content.get("thread_ts") or self.ts)
        return Thread(self.connection, self.viewer, self.channel, root)

    def waits_for(self, wanted: Wanted) -> "Message":
        """Wait until this very message shows the text: the app has updated it. Returns it as it is then."""
        what = f"{shown(wanted)} in the message “{_beginning(self)}”"
        return self.connection.wait(self.viewer, what, partial(self._updated, wanted))

    def waits_until_gone(self) -> None:
        """Wait until the app has deleted it."""
        what = f"The end of the message “{_beginning(self)}”"
        self.connection.wait(self.viewer, what, lambda state: None if self._now(state) else True)

    def _now(self, state: Json) -> "Message | None":
        found = messages_of(self.connection, self.viewer, self.channel, state)
        return next((each for each in found if each.ts == self.ts), None)

    def _updated(self, wanted: Wanted, state: Json) -> "Message | None":
        now = self._now(state)
        return now if now and matches(wanted, now.words) else None


@dataclass(frozen=True)
class Thread:
    """The replies to a message."""

    connection: Connection
    viewer: str
    channel: str
    ts: str

    @property
    def replies(self) -> list[Message]:
        return self._replies(self.connection.state(self.viewer))

    def waits_for(self, wanted: Wanted, *, after: Message | None = None) -> Message:
        """Wait for a reply with this text. Returns the newest."""
        what = f"A reply with {shown(wanted)} in the thread"
        return self.connection.wait(
            self.viewer, what, lambda state: newest(self._replies(state), wanted, after)
        )

    def _replies(self, state: Json) -> list[Message]:
        found = messages_of(self.connection, self.viewer, self.channel, state)
        return [each for each in found if each.content.get("thread_ts") == self.ts and each.ts != self.ts]


def messages_of(connection: Connection, viewer: str, channel: str, state: Json) -> list[Message]:
    """Return all that the viewer sees in the channel, the oldest first."""
    found = [*state["messages"].get(channel, ()), *state["ephemerals"].get(channel, ())]
    return [
        Message(connection, viewer, channel, content)
        for content in sorted(found, key=lambda content: ts_microseconds(content["ts"]))
    ]


def newest(messages: list[Message], wanted: Wanted, after: Message | None) -> Message | None:
    """Return the newest message with this text, posted later than `after`."""
    since = ts_microseconds(after.ts) if after else 0
    found = (each for each in reversed(messages) if ts_microseconds(each.ts) > since)
    return next((each for each in found if matches(wanted, each.words)), None)


def _beginning(message: Message) -> str:
    return " ".join(message.words.split())[:60]
