"""What one `/runbook run` costs: each check is made, and made once."""

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from slack_bolt import App
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.slack_http import slack_route
from core.definitions.runbook import RunbookDefinition
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import SECRET, command_form, signed_headers
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, WEB_OPS, executions

# By the names of functions, ours and Bolt's.
SIGNATURES = {"is_signed", "is_valid_request", "is_valid"}
PERMISSIONS = {"check_may_run"}


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """The calls of every function, by its name, in this thread and those that begin meanwhile."""
    calls: Counter[str] = Counter()

    def on_event(frame: FrameType, event: str, _argument: object) -> None:
        if event != "call":
            return
        calls[frame.f_code.co_name] += 1
        if frame.f_code.co_name == "model_validate" and frame.f_locals.get("cls") is RunbookDefinition:
            calls["definitions read"] += 1

    threading.setprofile(on_event)
    sys.setprofile(on_event)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@contextmanager
def sent(app: App, user: str, text: str) -> Iterator[Counter[str]]:
    """What was called while a signed command was answered."""
    with counted() as calls, TestClient(Starlette(routes=[slack_route(app, SECRET)])) as web:
        body = command_form(user, DB_CHANNEL, text, "trigger.once")
        assert web.post("/slack/events", content=body, headers=signed_headers(body)).status_code == 200
    yield calls


@pytest.mark.parametrize("option", ["", " --dry-run"])
def test_a_run_is_verified_permitted_and_read_once(company: UnitOfWorkFactory, app: App, option: str) -> None:
    with sent(app, DB_OPS, f"run say-hello{option}") as calls:
        assert sum(calls[name] for name in SIGNATURES) == 1
        assert sum(calls[name] for name in PERMISSIONS) == 1
        assert calls["definitions read"] == 1
    assert len(executions(company)) == (0 if option else 1)


@pytest.mark.parametrize("option", ["", " --dry-run"])
def test_who_may_not_run_it_is_refused_before_it_is_read(
    company: UnitOfWorkFactory, app: App, option: str
) -> None:
    """A refusal tells nothing of the parameters."""
    with sent(app, WEB_OPS, f"run say-hello no=such{option}") as calls:
        assert sum(calls[name] for name in PERMISSIONS) == 1
        assert calls["definitions read"] == 0
    assert executions(company) == []
