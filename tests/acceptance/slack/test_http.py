"""`POST /slack/events`: what gets in, and how fast it is answered."""

import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from slack_bolt import App
from starlette.applications import Starlette
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.slack_http import MOST_BYTES, slack_route
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import SECRET, command_form, signed_headers
from tests.acceptance.slack.world import DB_CHANNEL, DB_OPS, executions

FORM = {"content-type": "application/x-www-form-urlencoded"}
RUN = command_form(DB_OPS, DB_CHANNEL, "run say-hello", "trigger.1")


@pytest.fixture
def web(app: App) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=[slack_route(app, SECRET)])) as client:
        yield client


def test_a_signed_command_is_done_and_answered(company: UnitOfWorkFactory, web: TestClient) -> None:
    response = web.post("/slack/events", content=RUN, headers=signed_headers(RUN))
    assert response.status_code == 200
    assert response.json()["response_type"] == "ephemeral"
    assert len(executions(company)) == 1


def changed(name: str, value: str) -> dict[str, str]:
    return {**signed_headers(RUN), name: value}


# Made when the test runs: a signature of the time of collection would be stale.
REFUSED: dict[str, Callable[[], dict[str, str]]] = {
    "unsigned": lambda: FORM,
    "signed with another secret": lambda: signed_headers(RUN, secret="another secret"),
    "signed for another body": lambda: signed_headers(RUN + "&more=1"),
    "stale": lambda: signed_headers(RUN, at=time.time() - 310),
    "of the future": lambda: signed_headers(RUN, at=time.time() + 310),
    "empty signature": lambda: changed("x-slack-signature", ""),
    "signature that is not ASCII": lambda: changed("x-slack-signature", "v0=é"),
    "timestamp of letters": lambda: changed("x-slack-request-timestamp", "yesterday"),
    "timestamp with an exponent": lambda: changed("x-slack-request-timestamp", "1e9"),
    "negative timestamp": lambda: changed("x-slack-request-timestamp", "-5"),
    "endless timestamp": lambda: changed("x-slack-request-timestamp", "9" * 400),
    "timestamp of other digits": lambda: changed("x-slack-request-timestamp", "١٢٣"),
    "empty timestamp": lambda: changed("x-slack-request-timestamp", ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_slack_did_not_sign_lately_is_refused(
    company: UnitOfWorkFactory, web: TestClient, case: str
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in REFUSED[case]().items()]
    assert web.post("/slack/events", content=RUN, headers=raw).status_code == 401
    assert executions(company) == []


def test_a_body_that_is_no_text_is_refused(web: TestClient) -> None:
    assert web.post("/slack/events", content=b"\xff\xfe", headers=signed_headers("x")).status_code == 401


def test_a_signed_body_that_is_no_request_is_refused(web: TestClient) -> None:
    for body in ("{", "payload=%7B", "payload=%5B%5D"):
        assert web.post("/slack/events", content=body, headers=signed_headers(body)).status_code == 400


def test_a_body_above_the_limit_is_refused(web: TestClient) -> None:
    body = "text=" + "x" * MOST_BYTES
    assert web.post("/slack/events", content=body, headers=signed_headers(body)).status_code == 413


def test_slack_checks_the_certificate_unsigned(company: UnitOfWorkFactory, web: TestClient) -> None:
    assert web.get("/slack/events", params={"ssl_check": "1"}).status_code == 200
    assert web.get("/slack/events").status_code == 405
    body = urlencode({"ssl_check": "1", "token": "old"})
    assert web.post("/slack/events", content=body, headers=FORM).status_code == 200
    smuggled = f"{RUN}&ssl_check=1"
    assert web.post("/slack/events", content=smuggled, headers=FORM).text == ""
    assert executions(company) == []


def test_the_url_is_verified(web: TestClient) -> None:
    body = '{"type": "url_verification", "challenge": "abc", "token": "old"}'
    headers = {**signed_headers(body), "content-type": "application/json"}
    assert "abc" in web.post("/slack/events", content=body, headers=headers).text


def test_an_event_that_nobody_listens_to_is_acknowledged(web: TestClient) -> None:
    body = (
        '{"type": "event_callback", "team_id": "T1", "event": {"type": "channel_archive", "channel": "C1"}}'
    )
    headers = {**signed_headers(body), "content-type": "application/json"}
    assert web.post("/slack/events", content=body, headers=headers).status_code == 200


def test_a_slow_command_does_not_hold_up_another(
    app: App, company: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    dispatch = app.dispatch

    def slow(request: object) -> object:
        if "slow" in request.raw_body:  # type: ignore[attr-defined]  # a BoltRequest
            assert released.wait(20)
        return dispatch(request)  # type: ignore[arg-type]  # a BoltRequest

    monkeypatch.setattr(app, "dispatch", slow)
    slow_form = command_form(DB_OPS, DB_CHANNEL, "list slow", "trigger.2")
    with TestClient(Starlette(routes=[slack_route(app, SECRET)])) as web:
        held = threading.Thread(
            target=web.post,
            args=("/slack/events",),
            kwargs={"content": slow_form, "headers": signed_headers(slow_form)},
        )
        held.start()
        assert web.post("/slack/events", content=RUN, headers=signed_headers(RUN)).status_code == 200
        assert held.is_alive()
        released.set()
        held.join()


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (lambda: signed_headers(RUN, at=time.time() - 3600), "is the clock right?"),
        (lambda: signed_headers(RUN, at=time.time() + 3600), "from now by this machine's clock"),
        (lambda: signed_headers(RUN, secret="another secret"), "does not fit SLACK_SIGNING_SECRET"),
        (lambda: FORM, "no timestamp of Slack's"),
    ],
)
def test_the_log_says_once_why_a_request_is_refused(
    web: TestClient, headers: Callable[[], dict[str, str]], why: str
) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            assert web.post("/slack/events", content=RUN, headers=headers()).status_code == 401
    [told] = [each for each in logs if each["log_level"] == "warning"]
    assert why in told["reason"]
