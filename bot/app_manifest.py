"""The Slack app that this service needs: its manifest, and what each of its scopes is for.

https://docs.slack.dev/reference/app-manifest, https://docs.slack.dev/reference/scopes.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """A bot scope. `costs`: what does not work without it. `is_private`: whether only private channels need it."""

    name: str
    costs: str
    is_private: bool = False
    is_vital: bool = False


SCOPES = (
    Scope("commands", "`/runbook` and the shortcuts do not exist", is_vital=True),
    Scope("chat:write", "nothing is posted", is_vital=True),
    Scope(
        "app_mentions:read",
        "`@runbook run …` is not heard, so nothing can be started from a thread by typing",
    ),
    Scope("channels:join", "public channels get no messages until somebody invites the app"),
    Scope("channels:manage", "incidents get no channel of their own"),
    Scope("channels:read", "a channel that is renamed or archived is not noticed"),
    Scope("channels:history", "a message whose answer was lost may be posted twice in public channels"),
    Scope("metadata.message:read", "a message whose answer was lost may be posted twice"),
    Scope(
        "groups:history",
        "a message whose answer was lost may be posted twice in private channels",
        is_private=True,
    ),
    Scope("groups:read", "private channels are not recognised", is_private=True),
    Scope("groups:write", "incidents get no private channel of their own", is_private=True),
    Scope("im:history", "a direct message whose answer was lost may be sent twice"),
    Scope("im:write", "nobody gets a direct message"),
    Scope(
        "users:read", "guests and deactivated people are not recognised, and keep the rights of their teams"
    ),
    Scope("usergroups:read", "`usergroup` of a team has no effect"),
    Scope("files:write", "long outputs are not posted as files"),
    Scope("pins:write", "an incident's card is not pinned"),
    Scope("bookmarks:read", "an incident's page is not among its channel's bookmarks"),
    Scope("bookmarks:write", "an incident's page is not among its channel's bookmarks"),
)
EVENTS = (
    "app_home_opened",
    "app_mention",
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_rename",
    "channel_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "user_change",
)
PRIVATE_EVENTS = ("group_archive", "group_deleted", "group_left", "group_rename", "group_unarchive")
PATH = "/slack/events"
SIGN_IN_PATH = "/sign-in/callback"
SIGN_IN_SCOPES = [
    "openid"
]  # of people who sign in to the pages: https://docs.slack.dev/authentication/sign-in-with-slack
MESSAGE_SHORTCUT, GLOBAL_SHORTCUT = "run.message_shortcut", "run.shortcut"  # callback ids


@dataclass(frozen=True, slots=True)
class Installation:
    """`url`: the service's public address, which Socket Mode does not need: None. `private_channels`: whether incidents
    may be handled in private channels.
    """

    url: str | None
    private_channels: bool = True


def manifest(installation: Installation) -> dict[str, object]:
    """Return the manifest from which Slack creates the app."""
    scopes = [scope.name for scope in SCOPES if installation.private_channels or not scope.is_private]
    return {
        "display_information": {
            "name": "Runbook",
            "description": "Runs approved runbooks in incident channels",
            "background_color": "#1f2933",
        },
        "features": _features(installation),
        "oauth_config": _oauth(installation, sorted(scopes)),
        "settings": _settings(installation),
    }


def _oauth(installation: Installation, bot: list[str]) -> dict[str, object]:
    """Return the bot's scopes and, if there is an address to come back to, what people allow who sign in."""
    if installation.url is None:
        return {"scopes": {"bot": bot}}
    back = f"{installation.url.rstrip('/')}{SIGN_IN_PATH}"
    return {"redirect_urls": [back], "scopes": {"user": SIGN_IN_SCOPES, "bot": bot}}


def _features(installation: Installation) -> dict[str, object]:
    command: dict[str, object] = {
        "command": "/runbook",
        "description": "Run a runbook",
        "usage_hint": "run NAME [key=value…]",
        "should_escape": True,
    }
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": "runbook", "always_online": True},
        "shortcuts": [
            _shortcut("message", MESSAGE_SHORTCUT, "Run it for the incident of this message's channel"),
            _shortcut("global", GLOBAL_SHORTCUT, "Choose an incident and a runbook"),
        ],
        "slash_commands": [command | _address("url", installation)],
    }


def _shortcut(kind: str, callback_id: str, description: str) -> dict[str, object]:
    return {"name": "Run a runbook", "type": kind, "callback_id": callback_id, "description": description}


def _settings(installation: Installation) -> dict[str, object]:
    events = (*EVENTS, *(PRIVATE_EVENTS if installation.private_channels else ()))
    return {
        "event_subscriptions": {**_address("request_url", installation), "bot_events": sorted(events)},
        "interactivity": {
            "is_enabled": True,
            **_address("request_url", installation),
            **_address("message_menu_options_url", installation),
        },
        "org_deploy_enabled": False,
        "socket_mode_enabled": installation.url is None,
        "token_rotation_enabled": False,
    }


def _address(name: str, installation: Installation) -> dict[str, object]:
    """Return the address to send requests to; nothing in Socket Mode."""
    return {} if installation.url is None else {name: f"{installation.url.rstrip('/')}{PATH}"}


def missing_scopes(granted: Set[str]) -> Iterator[Scope]:
    """Yield the scopes that were not granted. Those of private channels may be left out together."""
    without_private = not any(scope.is_private and scope.name in granted for scope in SCOPES)
    for scope in SCOPES:
        if scope.name not in granted and not (scope.is_private and without_private):
            yield scope
