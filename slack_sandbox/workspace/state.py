"""The state of the whole workspace, and how to find things in it. Nothing here awaits: see the package."""

from copy import copy
from datetime import datetime

from slack_sandbox.config import AppConfig, ChannelConfig, WorkspaceConfig
from slack_sandbox.values import Json, SlackError, next_ts
from slack_sandbox.workspace.files import Files
from slack_sandbox.workspace.homes import Homes
from slack_sandbox.workspace.modals import Modals
from slack_sandbox.workspace.models import (
    Announcer,
    Audience,
    Author,
    Channel,
    History,
    Message,
    Scheduled,
    User,
    Usergroup,
    View,
)


class Timestamps:
    """Every ``ts`` is later than the one before."""

    def __init__(self) -> None:
        self._last = "0.000000"

    def next(self, now: datetime) -> str:
        self._last = next_ts(now, self._last)
        return self._last


class Workspace:
    def __init__(self, config: WorkspaceConfig, announcer: Announcer, now: datetime) -> None:
        self.team = config.team
        self.app = config.app
        """The app that the workspace is looked at as: see ``seen_by``."""
        self.apps = {app.id: app for app in config.apps}
        self.announcer = announcer
        self.users = {user.id: user for user in _users_of(config)}
        self.channels: dict[str, Channel] = {}
        self.histories: dict[str, History] = {}
        self.ephemerals: dict[str, dict[str, Message]] = {}
        self.usergroups = {group.id: Usergroup(**group.model_dump()) for group in config.usergroups}
        self.files = Files()
        self.scheduled: dict[str, Scheduled] = {}
        self.read: dict[str, dict[str, str]] = {}
        """The newest message that each person has seen in each channel."""
        self.modals = Modals()
        self._homes = {app.id: Homes() for app in config.apps}
        self._timestamps = Timestamps()
        for channel in config.channels:
            self.add_channel(_channel_of(channel, tuple(self.users), now))

    def add_channel(self, channel: Channel) -> None:
        self.channels[channel.id] = channel
        self.histories[channel.id] = History()
        self.ephemerals[channel.id] = {}

    def seen_by(self, app_id: str | None) -> "Workspace":
        """The same workspace, looked at as this app; as the first one when there is no such app."""
        seen = copy(self)
        seen.app = self.apps.get(app_id or "", next(iter(self.apps.values())))
        return seen

    @property
    def homes(self) -> Homes:
        """The Home tabs of this app."""
        return self._homes[self.app.id]

    def app_of(self, bot_user_id: str) -> AppConfig | None:
        return next((app for app in self.apps.values() if app.bot_user_id == bot_user_id), None)

    def tell_members(self, channel: Channel, event: Json) -> None:
        """Send an event to each app that is in the channel."""
        for app in self.apps.values():
            if app.bot_user_id in channel.members:
                self.announcer.to_app(event, app.id)

    def new_ts(self, now: datetime) -> str:
        return self._timestamps.next(now)

    def user(self, user_id: str) -> User:
        """Raises SlackError ``user_not_found``."""
        if user_id not in self.users:
            raise SlackError("user_not_found")
        return self.users[user_id]

    def person(self, user_id: str) -> User:
        """A human being. Raises SlackError ``user_not_found``."""
        user = self.user(user_id)
        if user.is_bot:
            raise SlackError("user_not_found")
        return user

    def actor(self, user_id: str) -> User:
        """A person who can act here. Raises SlackError ``user_not_found``, or ``account_inactive`` for one who left."""
        user = self.person(user_id)
        if user.deleted:
            raise SlackError("account_inactive", sentence="This account is deactivated: it can do nothing.")
        return user

    def mark_read(self, user: str, channel: str, ts: str) -> dict[str, str]:
        """Marks only move on. Returns all of this person's."""
        marks = self.read.setdefault(user, {})
        if ts > marks.get(channel, "0"):
            marks[channel] = ts
        return marks

    def view(self, view_id: str, external_id: str = "") -> View:
        """An open modal or a Home tab. Raises SlackError ``not_found``."""
        found = self.homes.find(view_id, external_id) or self.modals.find(view_id, external_id)
        if found.app_id != self.app.id:
            raise SlackError("not_found")
        return found

    def app_of_view(self, view_id: str) -> str:
        """The id of the app whose modal or Home tab this is. Raises SlackError ``not_found``."""
        homes = (home.find(view_id) for home in self._homes.values())
        return (next(filter(None, homes), None) or self.modals.find(view_id)).app_id

    def remember(self, view: View, values: Json) -> View:
        """Keep what was entered in a view, as of now."""
        keeper = self.homes if view.definition["type"] == "home" else self.modals
        return keeper.remember(view, values)

    def channel(self, channel_id: str) -> Channel:
        """Raises SlackError ``channel_not_found``."""
        if channel_id not in self.channels:
            raise SlackError("channel_not_found")
        return self.channels[channel_id]

    def channel_for(self, user_id: str, channel_id: str) -> Channel:
        """A channel that this user may see. Raises SlackError ``channel_not_found``."""
        channel = self.channel(channel_id)
        if not self.may_see(user_id, channel):
            raise SlackError("channel_not_found")
        return channel

    def may_see(self, user_id: str, channel: Channel) -> bool:
        audience = self.audience(channel)
        return audience is None or user_id in audience

    def audience(self, channel: Channel) -> Audience:
        return frozenset(channel.members) if channel.is_private or channel.is_im else None

    def message(self, channel_id: str, ts: str) -> Message:
        """Raises SlackError ``message_not_found``."""
        message = self.histories[self.channel(channel_id).id].get(ts)
        if message is None:
            raise SlackError("message_not_found")
        return message

    def app_author(self, username: str | None = None) -> Author:
        return Author(self.app.bot_user_id, self.app.bot_id, self.app.id, username)


def _users_of(config: WorkspaceConfig) -> list[User]:
    people = [
        User(**{**user.model_dump(), "real_name": user.real_name or user.name}) for user in config.users
    ]
    bots = [
        User(app.bot_user_id, app.name.lower(), app.name, "", "#4a154b", is_bot=True) for app in config.apps
    ]
    return [*people, *bots]


def _channel_of(config: ChannelConfig, everybody: tuple[str, ...], now: datetime) -> Channel:
    return Channel(
        id=config.id,
        name=config.name,
        created=now,
        members=everybody if config.members is None else config.members,
        topic=config.topic,
        is_private=config.is_private,
        is_ext_shared=config.is_ext_shared,
    )
