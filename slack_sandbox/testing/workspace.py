"""The workspace that tests get unless they describe their own."""

from slack_sandbox.config import AppConfig, ChannelConfig, ShortcutConfig, UserConfig, WorkspaceConfig

EVENTS = (
    "app_home_opened",
    "app_mention",
    "channel_archive",
    "channel_rename",
    "channel_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "reaction_added",
    "reaction_removed",
)


def small_workspace(
    *,
    commands: tuple[str, ...] = (),
    shortcuts: tuple[ShortcutConfig, ...] = (),
    socket_mode: bool = False,
    events: tuple[str, ...] = EVENTS,
) -> WorkspaceConfig:
    """Return three people, two channels, and an app that gets every slash command (or only `commands`) and `events`.

    `shortcuts`: those of the app, which Slack must know before people can use them.

    Rate limits are not enforced, and events without an acknowledgement are sent again at once, twice.
    """
    return WorkspaceConfig(
        users=(
            UserConfig(id="U0ADA", name="ada", real_name="Ada King"),
            UserConfig(id="U0BEN", name="ben", real_name="Ben Ode"),
            UserConfig(id="U0CLEO", name="cleo", real_name="Cleo Lund"),
        ),
        channels=(
            ChannelConfig(id="C0GENERAL", name="general"),
            ChannelConfig(id="C0RANDOM", name="random"),
        ),
        app=AppConfig(
            id="A0APP",
            name="App",
            bot_user_id="U0APP",
            bot_id="B0APP",
            commands=commands or ("*",),
            request_url=None,
            shortcuts=shortcuts,
            socket_mode=socket_mode,
            events=events,
        ),
        enforce_rate_limits=False,
        event_retry_delays=(0.0, 0.0),
    )
