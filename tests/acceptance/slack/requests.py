"""Requests as Slack sends them: signed forms of commands and clicks."""

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from slack_bolt import App, BoltResponse

from bot.slack_http import bolt_request
from core.decisions.installation import Workspace

SECRET = "the-signing-secret"
OURS = Workspace("T1", "", "A1")
FORM = "application/x-www-form-urlencoded"


def ours() -> Workspace:
    """The workspace that these requests come from."""
    return OURS


def signed_headers(body: str, *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "content-type": FORM,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest}",
    }


def command_form(user: str, channel: str, text: str, trigger_id: str) -> str:
    return urlencode(
        {
            "token": "old",
            "team_id": "T1",
            "channel_id": channel,
            "user_id": user,
            "command": "/runbook",
            "text": text,
            "response_url": "http://127.0.0.1:9/response",
            "trigger_id": trigger_id,
            "api_app_id": "A1",
        }
    )


def click_form(user: str, action_id: str, value: str, response_url: str) -> str:
    action = {"action_id": action_id, "block_id": "b", "type": "button", "value": value, "action_ts": "1.1"}
    payload = {
        "type": "block_actions",
        "team": {"id": "T1", "domain": "t"},
        "user": {"id": user, "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": "1.2.3",
        "response_url": response_url,
        "channel": {"id": "C1", "name": "inc"},
        "actions": [action],
    }
    return urlencode({"payload": json.dumps(payload)})


@dataclass
class Slack:
    """What people do in Slack, as the app hears of it. `response_url`: where refused clicks are answered."""

    app: App
    response_url: str = "http://127.0.0.1:9/response"
    _triggers: "itertools.count[int]" = field(default_factory=itertools.count)

    def deliver(self, body: str) -> BoltResponse:
        return self.app.dispatch(
            bolt_request(body, {name: [value] for name, value in signed_headers(body).items()})
        )

    def deliver_json(self, body: str) -> BoltResponse:
        """Deliver an event, which Slack sends as JSON."""
        headers = {**signed_headers(body), "content-type": "application/json"}
        return self.app.dispatch(bolt_request(body, {name: [value] for name, value in headers.items()}))

    def submits(self, payload: dict[str, object]) -> BoltResponse:
        """Deliver a submitted form."""
        return self.deliver(urlencode({"payload": json.dumps(payload)}))

    def types(self, user: str, channel: str, text: str, trigger_id: str | None = None) -> str:
        """What only this person sees after `/runbook TEXT`: all its words."""
        trigger_id = trigger_id or f"trigger.{next(self._triggers)}"
        response = self.deliver(command_form(user, channel, text, trigger_id))
        assert response.status == 200
        body = json.loads(response.body)
        assert body["response_type"] == "ephemeral"
        return json.dumps(body, ensure_ascii=False)

    def clicks(self, user: str, action_id: str, value: str) -> BoltResponse:
        return self.deliver(click_form(user, action_id, value, self.response_url))
