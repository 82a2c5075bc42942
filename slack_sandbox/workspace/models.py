"""The models of a workspace: people, channels, messages with their threads, and the listeners of its changes.

They are immutable values: a change creates a new one. A message's content is checked before it is stored.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from slack_sandbox.values import Json


@dataclass(frozen=True)
class User:
    id: str
    name: str
    real_name: str
    title: str
    color: str
    is_bot: bool = False
    tz: str = "Etc/UTC"
    team_id: str = ""
    """The workspace that they belong to; empty: this one."""
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False


@dataclass(frozen=True)
class Usergroup:
    id: str
    handle: str
    name: str
    users: tuple[str, ...]
    disabled: bool = False


@dataclass(frozen=True)
class Pin:
    ts: str
    user: str
    created: datetime


@dataclass(frozen=True)
class Channel:
    """A public or private channel, or a direct message (``is_im``) of one person with the app."""

    id: str
    name: str
    created: datetime
    members: tuple[str, ...] = ()
    topic: str = ""
    purpose: str = ""
    creator: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_im: bool = False
    is_ext_shared: bool = False
    pins: tuple[Pin, ...] = ()
    bookmarks: tuple[Json, ...] = ()
    """https://docs.slack.dev/reference/methods/bookmarks.add, as Slack answers them."""

    @property
    def kind(self) -> str:
        """How events name it in ``channel_type``."""
        if self.is_im:
            return "im"
        return "group" if self.is_private else "channel"


@dataclass(frozen=True)
class Author:
    """Who writes: a person, or the app (then with ``bot_id``), which may borrow a name and a picture."""

    user: str
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    icons: Json | None = None


@dataclass(frozen=True)
class Content:
    """What a message shows. ``text`` alone says it all where blocks cannot be shown."""

    text: str = ""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A message about to be posted."""

    channel: str
    author: Author
    content: Content
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    subtype: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scheduled:
    """A message that the app will post later: https://docs.slack.dev/reference/methods/chat.scheduleMessage"""

    id: str
    draft: Draft
    post_at: int
    created: datetime


@dataclass(frozen=True)
class Message:
    """A message in a channel, or with ``ephemeral_to`` one that a single person sees."""

    channel: str
    ts: str
    author: Author
    content: Content
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    subtype: str | None = None
    edited: Json | None = None
    reactions: tuple[tuple[str, str], ...] = ()
    """(name, user) pairs, in the order they were added."""
    ephemeral_to: str | None = None
    files: tuple[str, ...] = ()

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(frozen=True)
class View:
    """An open modal or a published Home tab.

    ``definition`` is what the app sent, with ids filled in; ``values`` what was entered.
    """

    id: str
    user: str
    definition: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    app_id: str = ""
    values: Json = field(default_factory=dict)


"""Characters. Slack advises 4,000. https://docs.slack.dev/reference/methods/chat.postMessage#truncating"""
"""https://docs.slack.dev/reference/methods/chat.postMessage, error too_many_attachments"""


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


Audience = frozenset[str] | None
"""The users who may see something; None for everybody."""


class Announcer(Protocol):
    def to_people(self, kind: str, data: Json, audience: Audience) -> None:
        """Show ``data`` on the event stream of those in the audience."""

    def to_app(self, event: Json, app_id: str | None = None) -> None:
        """Send an Events API event to this app, or to every app, if it subscribed to its type."""
