"""The one workspace whose requests are accepted, over HTTP and Socket Mode alike.

A signature proves that Slack sent a request, not that it comes from our workspace: an app may be installed in several,
and channels may be shared. Our workspace is configured, or learned from Slack with our own token (`auth.test`) and then
stored in the database. Until it is known, every request is refused.

Payloads: https://docs.slack.dev/interactivity/implementing-slash-commands,
https://docs.slack.dev/reference/interaction-payloads, https://docs.slack.dev/apis/events-api.
"""

import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from core.decisions.installation import Sender, Workspace, refusal_of
from core.errors import NotAllowed
from core.outage import reason
from core.services.access.workspace import known_workspace, pin_workspace
from core.unit_of_work import UnitOfWorkFactory

Current = Callable[[], Workspace]
UNBOUND = "This service does not know yet which Slack workspace it belongs to, so it refuses every request."
UNBOUND_HINT = "It keeps asking Slack; the operators can set SLACK_TEAM_ID and SLACK_APP_ID instead."


def only_from(current: Current) -> Callable[..., BoltResponse]:
    """Return a global middleware of Bolt, which applies to all listeners and to every transport.

    It raises NotAllowed for a request from another workspace.
    """

    def only_our_own(body: dict[str, Any], next_: Callable[[], BoltResponse]) -> BoltResponse:
        workspace = current()
        if workspace.team_id is None:
            raise NotAllowed(UNBOUND, hint=UNBOUND_HINT)
        if why := refusal_of(sender_of(body), workspace):
            raise NotAllowed(why)
        return next_()

    return only_our_own


def sender_of(body: Mapping[str, Any]) -> Sender:
    """Return the sender of a command, button, view, shortcut or event. Missing fields, and those not text, are None."""
    team, person, view, event = (_part(body, name) for name in ("team", "user", "view", "event"))
    installed = _installed_for(body)
    return Sender(
        team_id=_text(installed, "team_id")
        or _text(view, "app_installed_team_id")
        or _text(body, "team_id")
        or _text(team, "id")
        or _text(person, "team_id"),
        enterprise_id=_text(body, "enterprise_id")
        or _text(_part(body, "enterprise"), "id")
        or _text(team, "enterprise_id"),
        app_id=_text(body, "api_app_id"),
        person_team_id=_text(person, "team_id") or _text(event, "user_team") or _text(event, "source_team"),
    )


def _installed_for(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event's installation: in a shared channel, its own team_id may be that of the other workspace."""
    found = body.get("authorizations")
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, Mapping) else {}


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(part: Mapping[str, Any], name: str) -> str | None:
    found = part.get(name)
    return found if isinstance(found, str) and found else None


log = structlog.get_logger()

SECONDS = 5  # timeout of a call to Slack's API
PATIENCE = 3.0  # seconds that a start waits for Slack if the workspace is not known yet
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds
APP_TOKEN = re.compile(r"xapp-\d+-(A[A-Z0-9]+)-")  # an app-level token names its app

Ask = Callable[[], Workspace]


class WorkspacePin:
    """Our workspace. `given`: the settings, which take precedence over what is learned. `ask` asks Slack."""

    def __init__(self, unit_of_work: UnitOfWorkFactory, given: Workspace, ask: Ask) -> None:
        self._unit_of_work, self._given, self._ask = unit_of_work, given, ask
        self._learned = Workspace()

    def current(self) -> Workspace:
        """Return the workspace as far as it is known; another process may have learned it."""
        if self._given.or_else(self._learned).team_id is None:
            with self._unit_of_work.begin() as work:
                self._learned = known_workspace(work)
        return self._given.or_else(self._learned)

    def start(self) -> None:
        """Ask Slack for what is not configured, on a thread of its own.

        The start waits for it only if nothing is known, and at most PATIENCE seconds: an installation needs Slack for
        this only once.
        """
        if self._given.team_id is not None and self._given.app_id is not None:
            return
        done = threading.Event()
        threading.Thread(target=self._learn_in_the_end, args=(done,), name="workspace", daemon=True).start()
        if not self._is_known():
            done.wait(PATIENCE)

    def learn(self) -> None:
        """Ask Slack, and store the answer. Raises the errors of slack_sdk and SQLAlchemy, and OSError."""
        learned = self._ask()
        with self._unit_of_work.begin() as work:
            pin_workspace(work, learned)
            self._learned = known_workspace(work)
        if self._given.team_id not in (None, learned.team_id):
            log.error(
                "SLACK_BOT_TOKEN belongs to another workspace than SLACK_TEAM_ID",
                token=learned.team_id,
                set=self._given.team_id,
            )

    def _is_known(self) -> bool:
        with suppress(SQLAlchemyError):
            return self.current().team_id is not None
        return False

    def _learn_in_the_end(self, done: threading.Event) -> None:
        pause = FIRST_PAUSE
        logged: str | None = None
        while (why := self._why_not_learned()) is not None:
            if why != logged:
                log.warning("asking Slack for our workspace failed and will be retried", error=why)
            logged = why
            done.wait(pause)  # a plain pause: only this thread sets the event
            pause = min(pause * 2, LONGEST_PAUSE)
        done.set()

    def _why_not_learned(self) -> str | None:
        """Ask Slack. Returns the reason why it failed, or None if it answered."""
        try:
            self.learn()
        except (SlackApiError, SlackClientError, OSError, SQLAlchemyError) as error:
            return reason(error)
        return None


def asking(token: str, api_url: str, app_token: str = "") -> Ask:
    """Return a function that asks Slack for the workspace of the bot's token.

    `app_token` contains the app's id, for bots that may not look it up.
    """

    def ask() -> Workspace:
        client = WebClient(token, api_url, SECONDS, retry_handlers=[])
        answer = client.auth_test()
        app_id = answer.get("app_id") or _app_of(client, answer.get("bot_id"))
        enterprise_id = answer.get("enterprise_id") or ""
        return Workspace(answer["team_id"], enterprise_id, app_id or _app_named_in(app_token))

    return ask


def _app_of(client: WebClient, bot_id: str | None) -> str | None:
    """Look the app up with bots.info, which needs users:read (https://docs.slack.dev/reference/methods/bots.info)."""
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
