"""Every error is a problem, whatever is asked."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.pages.guards import LARGEST_BODY
from bot.rest import incidents
from core.database import open_engine
from tests.acceptance.rest.documents import INCIDENT
from tests.acceptance.rest.test_incidents import opened

JSON = {"Content-Type": "application/json"}


def test_an_unknown_address_is_a_problem(stranger: TestClient) -> None:
    answer = stranger.get("/api/nothing/here")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/route_not_found",
        "title": "No such address",
        "status": 404,
        "code": "route_not_found",
        "detail": "There is nothing at this address. /api/openapi.json lists what there is.",
    }


def test_a_method_that_an_address_does_not_take_is_a_problem(responder: TestClient) -> None:
    answer = responder.delete("/api/approvals")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "DELETE" in answer.json()["detail"]
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{no json", JSON, 422),
        (b"[]", JSON, 422),
        (b'{"title": "x"}', {"Content-Type": "text/plain"}, 422),
        (b'{"title": "\xff"}', JSON, 400),
        (b"[" * 100_000, JSON, 422),
        (b'{"title": NaN}', JSON, 422),
        (b"", JSON, 422),
    ],
)
def test_a_body_that_is_no_json_object_is_a_problem(
    responder: TestClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = responder.post("/api/incidents", content=content, headers=headers)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_body_that_says_it_is_too_large_is_not_read(responder: TestClient) -> None:
    answer = responder.post("/api/incidents", content=b" " * (LARGEST_BODY + 1), headers=JSON)

    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_that_turns_out_too_large_is_refused(responder: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(17):
            yield b" " * (LARGEST_BODY // 16)

    answer = responder.post("/api/incidents", content=chunks(), headers=JSON)

    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_an_error_that_nobody_foresaw_has_an_id_and_tells_nothing_else(
    responder: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("the password is hunter2")

    monkeypatch.setattr(incidents, "find_incident", break_down)
    with capture_logs() as logged:
        answer = responder.get("/api/incidents/inc-1")

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["id"] == answer.headers["X-Request-Id"]
    assert answer.json()["id"] in answer.json()["detail"]
    assert [line["error_id"] for line in logged if line["event"] == "request failed"] == [answer.json()["id"]]
    assert "hunter2" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_request_keeps_the_id_that_it_came_with(responder: TestClient) -> None:
    kept = responder.get("/api/incidents", headers={"X-Request-Id": "trace-12345678"})
    made_new = responder.get("/api/incidents", headers={"X-Request-Id": "no good\tid"})

    assert kept.headers["X-Request-Id"] == "trace-12345678"
    assert made_new.headers["X-Request-Id"].startswith("req_")


def test_a_database_that_is_gone_is_said_to_be(
    responder: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = open_engine("postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setattr(engine, "connect", gone.connect)
    monkeypatch.setattr(engine, "begin", gone.begin)
    answer = responder.post("/api/incidents", json=INCIDENT)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["code"] == "unavailable"


def test_a_log_line_tells_the_request_and_not_its_query(stranger: TestClient) -> None:
    with capture_logs() as logged:
        stranger.get("/runs/rbx_0?token=secret")

    [line] = [line for line in logged if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/runs/rbx_0", 401)
    assert "secret" not in str(logged)


def test_a_method_that_is_not_taken_is_answered_with_all_that_are(responder: TestClient) -> None:
    answer = responder.patch("/api/runbooks/db-check")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, PUT")


def test_a_body_may_be_left_out_where_it_says_nothing_and_is_never_null(responder: TestClient) -> None:
    incident = opened(responder)["id"]
    address = f"/api/incidents/{incident}/runbooks/say-hello/execute"

    assert responder.post(address).status_code == 201
    refused = responder.post(address, content="null", headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["field"]) == (422, "body")
