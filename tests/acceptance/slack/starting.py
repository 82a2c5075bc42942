"""What people do in Slack to start a runbook: shortcuts, menus, what is typed into them, and mentions."""

import itertools
import json
from typing import Any
from urllib.parse import urlencode

from slack_bolt import BoltResponse

from bot.slack_http import bolt_request
from tests.acceptance.slack.requests import Slack, command_form, signed_headers
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS

BOT = "U0RUNBOOK"
MESSAGES = itertools.count(1)


def payload(kind: str, user: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "team": {"id": "T1", "domain": "t"},
        "user": {"id": user, "team_id": "T1"},
        "api_app_id": "A1",
        "trigger_id": f"1.2.{next(MESSAGES)}",
        **more,
    }


def sends(slack: Slack, sent: dict[str, Any]) -> BoltResponse:
    return slack.deliver(urlencode({"payload": json.dumps(sent)}))


def types(slack: Slack, text: str, user: str = DB_OPS, channel: str = DB_CHANNEL) -> BoltResponse:
    """A slash command whose later replies come to the `response_url` of the tests."""
    form = command_form(user, channel, text, f"12.34.{next(MESSAGES)}")
    answer_at = urlencode({"response_url": "http://127.0.0.1:9/response"})
    return slack.deliver(form.replace(answer_at, urlencode({"response_url": slack.response_url})))


def global_shortcut(slack: Slack, user: str = DB_OPS) -> BoltResponse:
    return sends(slack, payload("shortcut", user, callback_id="run.shortcut"))


def message_shortcut(slack: Slack, user: str = DB_OPS, channel: str = DB_CHANNEL) -> BoltResponse:
    message = {"type": "message", "user": user, "text": "it is down", "ts": "5.1", "thread_ts": "4.1"}
    more = {"callback_id": "run.message_shortcut", "message": message, "message_ts": "5.1"}
    place = {"channel": {"id": channel, "name": "inc"}, "response_url": slack.response_url}
    return sends(slack, payload("message_action", user, **more, **place))


def chooses(
    slack: Slack, view: dict[str, Any], action_id: str, value: str, user: str = DB_OPS
) -> BoltResponse:
    """Choose an option of a menu in a view."""
    option = {"text": {"type": "plain_text", "text": "x"}, "value": value}
    action = {
        "type": "external_select",
        "action_id": action_id,
        "block_id": "b",
        "action_ts": str(next(MESSAGES)),
    }
    sent = payload("block_actions", user, actions=[{**action, "selected_option": option}])
    return sends(slack, sent | {"view": {**view, "id": "V1", "hash": "h"}})


def searches(
    slack: Slack, view: dict[str, Any], action_id: str, typed: str, user: str = DB_OPS, block_id: str = "b"
) -> list[str]:
    """The names of the options that somebody is offered, in order, whatever groups they are in."""
    sent = payload("block_suggestion", user, action_id=action_id, block_id=block_id, value=typed, view=view)
    response = sends(slack, sent)
    assert response.status == 200
    answer = json.loads(response.body)
    groups = answer.get("option_groups") or [{"options": answer.get("options") or []}]
    options = [option for group in groups for option in group["options"]]
    assert len(options) <= 100
    return [option["text"]["text"].partition(" · ")[0] for option in options]


def mention(text: str, user: str = DB_OPS, channel: str = DB_CHANNEL, **event: Any) -> dict[str, Any]:
    """The body of an `app_mention`: https://docs.slack.dev/reference/events/app_mention."""
    number = next(MESSAGES)
    said = {
        "type": "app_mention",
        "user": user,
        "text": f"<@{BOT}> {text}",
        "ts": f"{number}.1",
        "channel": channel,
    }
    return {
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": "A1",
        "event_id": f"Ev{number}",
        "event": {**said, "event_ts": said["ts"], "team": "T1", "user_team": "T1", **event},
        "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": BOT, "is_bot": True}],
    }


def hears(slack: Slack, body: dict[str, Any]) -> BoltResponse:
    """The event reaches the app."""
    text = json.dumps(body)
    headers = signed_headers(text) | {"content-type": "application/json"}
    return slack.app.dispatch(bolt_request(text, {name: [value] for name, value in headers.items()}))


def menu(view: dict[str, Any], action_id: str) -> dict[str, Any]:
    """The menu with this id."""
    menus = [block["accessory"] for block in view["blocks"] if "accessory" in block]
    [found] = [each for each in menus if each["action_id"] == action_id]
    return dict(found)
