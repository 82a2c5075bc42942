"""The things a workspace holds. All are values: a change makes a new one."""

from dataclasses import dataclass, field
from datetime import datetime

from slack_sandbox.json_types import Json


@dataclass(frozen=True)
class User:
    id: str
    name: str
    real_name: str
    title: str
    color: str
    is_bot: bool = False


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

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(frozen=True)
class View:
    """An open modal. ``definition`` is what the app sent, with ids filled in; ``values`` what was entered."""

    id: str
    user: str
    definition: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    values: Json = field(default_factory=dict)
