"""A channel, or the direct messages of a person and the app."""

from dataclasses import dataclass

from slack_sandbox.testing.connection import Connection
from slack_sandbox.testing.messages import Message, messages_of, newest
from slack_sandbox.testing.words import Wanted, matches, shown
from slack_sandbox.values import Json


@dataclass(frozen=True)
class Channel:
    """`viewer`: through whose eyes it is seen; the messages that only one person sees are theirs."""

    connection: Connection
    viewer: str
    id: str
    name: str

    @property
    def messages(self) -> list[Message]:
        """All messages, replies too, the oldest first."""
        return messages_of(self.connection, self.viewer, self.id, self.connection.state(self.viewer))

    @property
    def topic(self) -> str:
        return str(self._object()["topic"])

    @property
    def is_archived(self) -> bool:
        return bool(self._object()["is_archived"])

    def waits_for(self, wanted: Wanted, *, after: Message | None = None) -> Message:
        """Wait for a message with this text, posted later than `after`. Returns the newest."""
        return self.connection.wait(
            self.viewer,
            f"A message with {shown(wanted)} in #{self.name}",
            lambda state: newest(messages_of(self.connection, self.viewer, self.id, state), wanted, after),
        )

    def shows(self, wanted: Wanted) -> bool:
        """Return whether a message there has this text now. Wait for something else first: the app may be busy."""
        return any(matches(wanted, message.words) for message in self.messages)

    def _object(self) -> Json:
        channels = self.connection.state(self.viewer)["channels"]
        found: Json = next(each for each in channels if each["id"] == self.id)
        return found


Place = Channel | Message
"""Where somebody types: in a channel, or as a reply to a message."""


def place_of(place: Place) -> Json:
    """Return the place as the sandbox takes it."""
    if isinstance(place, Channel):
        return {"channel": place.id}
    return {"channel": place.channel, "thread_ts": place.thread.ts}
