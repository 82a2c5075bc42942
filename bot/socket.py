"""Slack over Socket Mode: the same app over a connection that we open, for installations without a public URL."""

import threading

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from core.errors import ConfigurationError

log = structlog.get_logger()

# The token is wrong, or Socket Mode is off: trying again does not help.
# https://docs.slack.dev/reference/methods/apps.connections.open#errors
HOPELESS = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "not_allowed_token_type",
        "token_revoked",
        "account_inactive",
        "forbidden_team",
    }
)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds


def run_socket(app: App, app_token: str, stop: threading.Event) -> None:
    """Answer envelopes until `stop` is set, and reconnect after a lost connection, at the address of the app's client.

    Raises ConfigurationError for a token that Slack rejects.
    """
    handler = SocketModeHandler(app, app_token)
    try:
        _connect(handler, stop)
        stop.wait()
    finally:
        handler.close()  # type: ignore[no-untyped-call]  # of slack_bolt


def _connect(handler: SocketModeHandler, stop: threading.Event) -> None:
    """Connect, and try again until it succeeds: Slack may be down when we start."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        try:
            handler.connect()  # type: ignore[no-untyped-call]  # of slack_bolt
        except SlackApiError as error:
            _give_up_on_a_bad_token(str(error.response["error"]))
            log.warning("socket mode is not connected", error=error.response["error"])
        except OSError as error:
            log.warning("socket mode is not connected", error=str(error))
        else:
            return
        handler.client.wss_uri = None  # an address is valid for one connection
        stop.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


def _give_up_on_a_bad_token(reason: str) -> None:
    if reason in HOPELESS:
        raise ConfigurationError(
            f"Slack rejects SLACK_APP_TOKEN ({reason}).",
            hint="It must be an app-level token, xapp-…, with connections:write, and Socket Mode must be on.",
        )
