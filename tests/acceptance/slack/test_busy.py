"""Slack waits for 3 seconds: whatever goes on, there is an answer by then, and it says what became of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote

import pytest
from slack_bolt import App
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot import slack_http
from bot.answers import EphemeralReplier, sentence
from bot.commands.call import CommandCall
from bot.commands.dispatch import answer
from bot.slack_http import NOT_BEGUN, NOT_OVER, slack_route
from core.advisory_locks import freeze_alone
from core.database import open_engine
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import ResponseUrl
from tests.acceptance.slack.requests import SECRET, command_form, signed_headers
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, WEB_OPS, executions

RUN = command_form(DB_OPS, DB_CHANNEL, "run say-hello", "trigger.1")


@pytest.fixture
def web(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(slack_http, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(slack_http, "THREADS", 1)
    with TestClient(Starlette(routes=[slack_route(app, SECRET)])) as client:
        yield client


@contextmanager
def slow(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The first request is in hand, set when it is, until the block ends."""
    released, taken, dispatch = threading.Event(), threading.Event(), app.dispatch

    def held(request: object) -> object:
        if not taken.is_set():
            taken.set()
            assert released.wait(20)
        return dispatch(request)  # type: ignore[arg-type]  # a BoltRequest

    monkeypatch.setattr(app, "dispatch", held)
    try:
        yield taken
    finally:
        released.set()


def post(web: TestClient, body: str) -> str:
    response = web.post("/slack/events", content=body, headers=signed_headers(body))
    assert response.status_code == 200
    return str(response.json()["text"])


def test_what_is_not_over_in_time_is_said_to_go_on_and_does(
    app: App, company: UnitOfWorkFactory, web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with slow(app, monkeypatch):
        assert post(web, RUN) == NOT_OVER
        assert executions(company) == []
    for _ in range(500):
        if executions(company):
            break
        threading.Event().wait(0.01)
    assert len(executions(company)) == 1


def test_what_a_late_command_came_to_is_told_all_the_same(
    app: App, company: UnitOfWorkFactory, response_url: ResponseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red before: it was refused after Slack's time was over, and nobody heard of it."""
    monkeypatch.setattr(slack_http, "ANSWER_SECONDS", 0.3)
    form = command_form(WEB_OPS, DB_CHANNEL, "run say-hello", "trigger.3")
    form = form.replace(quote("http://127.0.0.1:9/response", safe=""), quote(response_url.url, safe=""))
    route = slack_route(app, SECRET, EphemeralReplier(response_url.url))
    with TestClient(Starlette(routes=[route])) as web:
        with slow(app, monkeypatch):
            assert post(web, form) == NOT_OVER
        said = response_url.next_text()
    assert said.startswith("⛔")
    assert executions(company) == []


def test_what_never_began_is_said_to_be_undone_and_is(
    app: App, company: UnitOfWorkFactory, web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one thread is taken by what came before, also when Slack was told so."""
    with slow(app, monkeypatch):
        assert post(web, command_form(DB_OPS, DB_CHANNEL, "help", "trigger.0")) == NOT_OVER
        assert post(web, RUN) == NOT_BEGUN
    assert post(web, command_form(DB_OPS, DB_CHANNEL, "help", "trigger.2"))
    assert executions(company) == []


def test_who_waits_for_a_lock_is_told_that_nothing_was_changed(company: UnitOfWorkFactory) -> None:
    call = CommandCall(DB_CHANNEL, DB_OPS, "run say-hello", "slack:trigger.2")
    impatient = open_engine(str(company.engine.url.render_as_string(hide_password=False)), patience=0.2)
    try:
        with company.begin() as work:
            freeze_alone(work.session)
            with pytest.raises(Exception, match="timeout") as caught:
                answer(replace(company, engine=impatient), call)
    finally:
        impatient.dispose()
    assert (
        sentence(caught.value) == "⚠️ The service is overloaded. Nothing was changed; try again in a moment."
    )
    assert executions(company) == []
