"""The initial configuration of a workspace: read from a file, or the built-in demo."""

from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from slack_sandbox.own_origin import LocalUrl

DEFAULT_EVENTS = ("app_mention", "member_joined_channel", "channel_archive", "channel_unarchive")
"""The app's default event subscriptions. The file can change them, for example to add ``message.channels``."""


class WorkspaceFileError(Exception):
    """The workspace file cannot be used; the text says why."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TeamConfig(Part):
    id: str = "T0DEMO"
    name: str = "Acme"
    domain: str = "acme"


class UserConfig(Part):
    """A person. The flags are Slack's: guests are ``is_restricted``, those of one channel ``is_ultra_restricted`` too,
    people of another workspace (``team_id``) ``is_stranger``, those who left ``deleted``.

    https://docs.slack.dev/reference/objects/user-object
    """

    id: str
    name: str
    real_name: str = ""
    title: str = ""
    color: str = "#4a154b"
    tz: str = "Etc/UTC"
    team_id: str = ""
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False

    @model_validator(mode="after")
    def _the_time_zone_exists(self) -> Self:
        try:
            ZoneInfo(self.tz)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no time zone {self.tz!r}") from error
        return self


class UsergroupConfig(Part):
    """A user group. https://docs.slack.dev/reference/objects/usergroup-object"""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()
    disabled: bool = False


class ChannelConfig(Part):
    """A channel that exists from the start. Without ``members``, everybody and every app are in it."""

    id: str
    name: str
    topic: str = ""
    is_private: bool = False
    is_ext_shared: bool = False
    members: tuple[str, ...] | None = None


class ShortcutConfig(Part):
    """A shortcut of the app: in the menu of each message, or anywhere (``global``).

    https://docs.slack.dev/interactivity/implementing-shortcuts
    """

    callback_id: str
    name: str
    description: str = ""
    type: Literal["message", "global"] = "message"


class AppConfig(Part):
    """An app of the workspace: its ids, its tokens and secret, and the URL for its requests.

    Requests for the options of an ``external_select`` go to ``options_load_url``; without one to ``request_url``.
    """

    id: str = "A0RUNBOOK"
    name: str = "Runbook"
    bot_user_id: str = "U0RUNBOOK"
    bot_id: str = "B0RUNBOOK"
    command: str = "/runbook"
    commands: tuple[str, ...] = ()
    """Further slash commands of the app; ``*`` stands for every one."""
    bot_token: str = "xoxb-sandbox"
    app_token: str = "xapp-sandbox"
    signing_secret: str = "sandbox-signing-secret"
    request_url: LocalUrl | None = "http://127.0.0.1:8000/slack/events"
    options_load_url: LocalUrl | None = None
    client_id: str = ""
    client_secret: str = "sandbox-client-secret"
    redirect_urls: tuple[LocalUrl, ...] = ()
    """For the installation with OAuth; none: any URL of this machine."""
    socket_mode: bool = False
    home_tab: bool = True
    scopes: tuple[str, ...] | None = None
    """What the bot token was granted; None: everything that any method asks for."""
    shortcuts: tuple[ShortcutConfig, ...] = ()
    events: tuple[str, ...] = DEFAULT_EVENTS

    @property
    def oauth_client_id(self) -> str:
        return self.client_id or self.id

    def takes_command(self, command: str) -> bool:
        return command == self.command or command in self.commands or "*" in self.commands


DEMO_USERS = (
    UserConfig(id="U0ALICE", name="alice", real_name="Alice Ng", title="Database admin", color="#2f6f9f"),
    UserConfig(id="U0BOB", name="bob", real_name="Bob Silva", title="On-call engineer", color="#9f5f2f"),
    UserConfig(id="U0CAROL", name="carol", real_name="Carol Meyer", title="Developer", color="#4f8f3f"),
)
DEMO_CHANNELS = (
    ChannelConfig(id="C0GENERAL", name="general", topic="Company-wide talk"),
    ChannelConfig(id="C0INCIDENTS", name="incidents", topic="What is broken right now"),
)


class WorkspaceConfig(Part):
    """A whole workspace. Durations are in seconds.

    Slack gives an app 3 s to acknowledge and sends an unacknowledged event again at once, after a minute and
    after five: https://docs.slack.dev/apis/events-api#error-handling
    """

    team: TeamConfig = TeamConfig()
    users: tuple[UserConfig, ...] = DEMO_USERS
    channels: tuple[ChannelConfig, ...] = DEMO_CHANNELS
    usergroups: tuple[UsergroupConfig, ...] = ()
    emoji: dict[str, str] = {}
    """The workspace's own emoji: the address of a picture, or ``alias:NAME``."""
    app: AppConfig = AppConfig()
    more_apps: tuple[AppConfig, ...] = ()
    """Further apps, each with ids, tokens and a command of its own: events go to each that subscribed to them."""
    enforce_rate_limits: bool = True
    acknowledge_within: float = 3.0
    event_retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)

    @property
    def apps(self) -> tuple[AppConfig, ...]:
        return (self.app, *self.more_apps)

    @model_validator(mode="after")
    def _apps_are_told_apart(self) -> Self:
        for name in ("id", "bot_user_id", "bot_id", "bot_token", "app_token", "command", "oauth_client_id"):
            _refuse_duplicates(f"app {name}", [getattr(app, name) for app in self.apps])
        return self

    @model_validator(mode="after")
    def _ids_are_unique_and_known(self) -> Self:
        people = [user.id for user in self.users] + [app.bot_user_id for app in self.apps]
        _refuse_duplicates("user id", people)
        _refuse_duplicates("channel id", [channel.id for channel in self.channels])
        _refuse_duplicates("user group id", [group.id for group in self.usergroups])
        _refuse_duplicates("channel name", [channel.name for channel in self.channels])
        for channel in self.channels:
            strangers = sorted(set(channel.members or ()) - set(people))
            if strangers:
                raise ValueError(f"channel {channel.name} has unknown members: {', '.join(strangers)}")
        for group in self.usergroups:
            strangers = sorted(set(group.users) - set(people))
            if strangers:
                raise ValueError(f"user group {group.handle} has unknown members: {', '.join(strangers)}")
        return self


def _refuse_duplicates(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the same {what} is used twice: {', '.join(twice)}")


def load_workspace(path: Path) -> WorkspaceConfig:
    """Read a workspace from a YAML or JSON file. Raises WorkspaceFileError with the reason."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return WorkspaceConfig.model_validate(content if content is not None else {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise WorkspaceFileError(f"The workspace file {path} cannot be used: {error}") from error
