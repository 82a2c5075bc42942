"""Fuzz Slack's endpoint with correctly signed requests that Slack would never send."""

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx2
from hypothesis import strategies as st

from fuzz.deployment import ADMIN, APP, CHANNEL, NOBODY, RESPONDER, ROOT, SECRET, TEAM, Deployment
from fuzz.generating import use_for
from fuzz.inputs import NUMBERS, VALUES, WORDS
from fuzz.record import Record

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PEOPLE = st.sampled_from([NOBODY, RESPONDER, ADMIN, ROOT])
VERBS = st.sampled_from(
    [
        "run all-kinds",
        "run",
        "list",
        "show all-kinds",
        "status",
        "incident open",
        "incident show",
        "freeze",
        "approve",
        "run all-kinds --dry-run",
        "history",
        "approvals",
        "cancel",
        "retry",
        "stats",
        "workflow list",
        "help",
        "export",
    ]
)
ARGUMENTS = st.builds(
    lambda name, value: f"{name}={value}",
    st.sampled_from(["text", "count", "hosts", "free", "severity", "service", "team", "until", "x"]),
    WORDS
    | NUMBERS
    | NUMBERS.map(lambda number: f"[1, {number}]")
    | st.sampled_from(['"', "“", "'a", "[" * 3_000]),
)
COMMANDS = st.builds(
    lambda verb, rest: " ".join([verb, *rest]), VERBS, st.lists(ARGUMENTS | WORDS, max_size=4)
)
VIEWS = ("run.form", "approval.form")
ACTIONS = (
    "approval.approve",
    "approval.reject",
    "approval.comment",
    "run.cancel",
    "run.retry",
    "verdict.ran",
    "x",
)


def fuzz_slack(deployment: Deployment, record: Record, seconds: float, number: int) -> None:
    """Fuzz with commands, buttons, forms, and other bodies."""
    raw = st.sampled_from(
        ["[" * 5_000, '{"a":' * 5_000, "a=1&" * 200_000, "payload=" + "[" * 5_000, "=" * 90_000, ""]
    )
    forms = st.one_of(
        st.tuples(st.builds(command_form, PEOPLE, COMMANDS, st.uuids().map(str)), st.just(FORM)),
        st.tuples(st.builds(click_form, PEOPLE, st.sampled_from(ACTIONS), WORDS), st.just(FORM)),
        st.tuples(
            st.builds(submission_form, PEOPLE, VALUES, WORDS, st.uuids().map(str), st.sampled_from(VIEWS)),
            st.just(FORM),
        ),
        st.tuples(VALUES.map(lambda value: urlencode({"payload": json.dumps(value)})), st.just(FORM)),
        st.tuples(VALUES.map(json.dumps) | raw, st.sampled_from([FORM, JSON])),
    )
    with httpx2.Client(base_url=deployment.url, timeout=30, trust_env=False) as client:

        def ask(drawn: tuple[str, str]) -> None:
            body, kind = drawn[0].encode("utf-8", "replace"), drawn[1]

            def status() -> int:
                return client.post("/slack/events", content=body, headers=signed(body, kind)).status_code

            record.asked("slack", body[:60].decode("utf-8", "replace"), body, status)

        use_for(seconds, number, forms, ask)


def signed(body: bytes, content_type: str) -> dict[str, str]:
    """Return the headers that Slack would send with this body."""
    timestamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest}",
    }


def command_form(user: str, text: str, trigger_id: str) -> str:
    form = {
        "team_id": TEAM,
        "channel_id": CHANNEL,
        "user_id": user,
        "command": "/runbook",
        "trigger_id": trigger_id,
    }
    return urlencode(form | {"text": text.encode("utf-8", "replace"), "api_app_id": APP})


def click_form(user: str, action_id: str, value: str) -> str:
    action = {"action_id": action_id, "block_id": "b", "type": "button", "value": value, "action_ts": "1.1"}
    return _payload(user, {"type": "block_actions", "actions": [action], "channel": {"id": CHANNEL}})


def submission_form(user: str, metadata: object, entered: str, view_id: str, form: str = "run.form") -> str:
    element = {"value": {"type": "plain_text_input", "value": entered}}
    view = {
        "id": view_id,
        "callback_id": form,
        "private_metadata": json.dumps(metadata),
        "title": {"text": "all-kinds"},
        "state": {
            "values": {"parameter.text": element, "parameter.count": element, "decision.reason": element}
        },
    }
    return _payload(user, {"type": "view_submission", "view": view})


def _payload(user: str, said: dict[str, Any]) -> str:
    about = {
        "team": {"id": TEAM},
        "user": {"id": user, "team_id": TEAM},
        "api_app_id": APP,
        "trigger_id": "1.2.3",
    }
    return urlencode({"payload": json.dumps(about | said)})
