"""The Bolt app: the one place where listeners are registered. Each acknowledges, makes one call, and renders.

No listener calls Slack, so an acknowledgement needs our database and nothing else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient

from bot.actions import BUTTONS, press
from bot.answers import Whisper, sentence
from bot.commands.call import CommandCall, Reply
from bot.commands.dispatch import answer
from bot.commands.parse import words_of
from core.errors import InvalidInput
from core.service import Service

log = structlog.get_logger()

SECONDS = 10  # for a call of Slack's API by this app's client


def create_bolt_app(
    service: Service,
    *,
    signing_secret: str,
    token: str,
    api_url: str = "https://slack.com/api/",
    single_admin: bool = False,
) -> App:
    """The app, without a call to Slack: neither at the start (`auth.test`) nor while it dispatches.

    `single_admin`: whether a platform admin may approve a definition that they wrote.
    """
    app = App(
        name="runbook",
        signing_secret=signing_secret,
        client=WebClient(base_url=api_url, timeout=SECONDS, retry_handlers=[]),
        authorize=_always(token),
        process_before_response=True,
        raise_error_for_unhandled_request=True,
    )
    face = Face(service, Whisper(), single_admin)
    app.command(re.compile(".*"))(face.on_command)
    for action_id in BUTTONS:
        app.action(action_id)(face.on_button)
    app.error(face.on_error)
    return app


def _always(token: str) -> Any:
    """One workspace, one token: there is nobody to ask."""

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return authorize


@dataclass(frozen=True)
class Face:
    """The listeners."""

    service: Service
    whisper: Whisper
    single_admin: bool

    def on_command(self, ack: Ack, body: dict[str, Any]) -> BoltResponse:
        call = CommandCall(
            channel_id=body["channel_id"],
            user_id=body["user_id"],
            arguments=words_of(body.get("text", "")),
            request_key=f"slack:{body['trigger_id']}",
            command=body["command"],
            single_admin=self.single_admin,
        )
        return ack(answer(self.service, call).body())

    def on_button(self, ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> BoltResponse:
        press(self.service, action["action_id"], action.get("value", ""), body["user"]["id"])
        return ack()

    def on_error(self, error: Exception, request: BoltRequest) -> BoltResponse:
        """Acknowledge, and tell the person: a request that Slack repeats would fail again."""
        body = request.body
        if "command" in body:
            return BoltResponse(status=200, body=Reply(sentence(error)).body())
        if isinstance(error, BoltUnhandledRequestError):
            return self._unhandled(body)
        self._tell(body, error)
        return BoltResponse(status=200)

    def _unhandled(self, body: Mapping[str, Any]) -> BoltResponse:
        """An event is acknowledged: Slack would send it again. A button of another release is explained."""
        log.info("unhandled request", type=body.get("type"))
        if body.get("type") == "event_callback":
            return BoltResponse(status=200)
        if body.get("type") == "block_actions":
            self._tell(body, InvalidInput("This button does nothing here any more."))
            return BoltResponse(status=200)
        return BoltResponse(status=404)

    def _tell(self, body: Mapping[str, Any], error: Exception) -> None:
        said, response_url = sentence(error), body.get("response_url")
        if response_url:
            self.whisper(response_url, said)
