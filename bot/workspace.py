"""The workspace that we belong to: only its requests are heard, over HTTP and Socket Mode alike.

A signature proves that Slack sent a request, not that it is of our workspace: an app may be installed in several, and a
channel may be shared with others. Which one is ours is set, or learned from Slack by our own token (`auth.test`), and
then kept in the database. As long as nobody knows it, no request is heard.
"""

import re
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from core.decisions.installation import Workspace
from core.outage import reason
from core.service import Service
from core.services.access.workspace import known_workspace, pin_workspace

log = structlog.get_logger()

SECONDS = 5  # for a call of Slack's API
PATIENCE = 3.0  # seconds that a start waits for Slack where nothing is known yet
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds
APP_TOKEN = re.compile(r"xapp-\d+-(A[A-Z0-9]+)-")  # an app-level token names its app

Ask = Callable[[], Workspace]


class WorkspacePin:
    """`given`: what the settings say, which goes before what is learned. `ask` asks Slack."""

    def __init__(self, service: Service, given: Workspace, ask: Ask) -> None:
        self._service, self._given, self._ask = service, given, ask
        self._learned = Workspace()

    def current(self) -> Workspace:
        """As far as it is known; another process may have learned it."""
        if self._given.or_else(self._learned).team_id is None:
            with self._service.transaction() as work:
                self._learned = known_workspace(work)
        return self._given.or_else(self._learned)

    def start(self) -> None:
        """Ask Slack for what is not set, on a thread of its own.

        A start waits for it only where nothing is known, and not for long: it needs Slack once in its life.
        """
        if self._given.team_id is not None and self._given.app_id is not None:
            return
        done = threading.Event()
        threading.Thread(target=self._learn_in_the_end, args=(done,), name="workspace", daemon=True).start()
        if not self._is_known():
            done.wait(PATIENCE)

    def learn(self) -> None:
        """Ask Slack, and keep the answer. Raises slack_sdk's errors, OSError, or SQLAlchemy's."""
        learned = self._ask()
        with self._service.transaction() as work:
            pin_workspace(work, learned)
            self._learned = known_workspace(work)
        if self._given.team_id not in (None, learned.team_id):
            log.error(
                "SLACK_BOT_TOKEN is not of SLACK_TEAM_ID", token=learned.team_id, set=self._given.team_id
            )

    def _is_known(self) -> bool:
        with suppress(SQLAlchemyError):
            return self.current().team_id is not None
        return False

    def _learn_in_the_end(self, done: threading.Event) -> None:
        pause = FIRST_PAUSE
        said: str | None = None
        while (why := self._why_not_learned()) is not None:
            if why != said:
                log.warning("Slack does not say which workspace this is, and is asked again", error=why)
            said = why
            done.wait(pause)  # nobody sets it before; a process that ends does not wait for this thread
            pause = min(pause * 2, LONGEST_PAUSE)
        done.set()

    def _why_not_learned(self) -> str | None:
        """Asks Slack; None where it answered."""
        try:
            self.learn()
        except (SlackApiError, SlackClientError, OSError, SQLAlchemyError) as error:
            return reason(error)
        return None


def asking(token: str, api_url: str, app_token: str = "") -> Ask:
    """How to ask Slack whose the bot's token is. `app_token`: names the app, where the bot may not look it up."""

    def ask() -> Workspace:
        client = WebClient(token, api_url, SECONDS, retry_handlers=[])
        answer = client.auth_test()
        app_id = answer.get("app_id") or _app_of(client, answer.get("bot_id"))
        enterprise_id = answer.get("enterprise_id") or ""
        return Workspace(answer["team_id"], enterprise_id, app_id or _app_named_in(app_token))

    return ask


def _app_of(client: WebClient, bot_id: str | None) -> str | None:
    """By bots.info, which wants the scope users:read (https://docs.slack.dev/reference/methods/bots.info)."""
    if bot_id is None:
        return None
    try:
        found = client.bots_info(bot=bot_id)["bot"]
    except SlackApiError:
        return None
    return found.get("app_id") if isinstance(found, dict) else None


def _app_named_in(app_token: str) -> str | None:
    found = APP_TOKEN.match(app_token)
    return found[1] if found else None
