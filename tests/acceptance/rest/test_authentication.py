"""Without a good token there is only a 401, whatever is sent."""

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from core.tables import ApiToken
from core.unit_of_work import UnitOfWorkFactory

ADDRESSES = [
    ("GET", "/api/incidents"),
    ("POST", "/api/incidents"),
    ("GET", "/api/incidents/inc-1"),
    ("POST", "/api/incidents/inc-1/runbooks/db-check/execute"),
    ("GET", "/api/runbooks"),
    ("POST", "/api/runbooks/executions/rbx_0/cancel"),
    ("GET", "/api/workflows"),
    ("POST", "/api/approvals/apr_0/approve"),
]


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_a_request_without_a_token_is_refused(stranger: TestClient, method: str, address: str) -> None:
    answer = stranger.request(method, address)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("value", ["Bearer rbt_unknown", "Bearer", "Basic dTpw", "Bearer \xe9"])
def test_a_token_that_is_none_of_ours_is_refused(stranger: TestClient, value: str) -> None:
    answer = stranger.get("/api/incidents", headers={b"Authorization": value.encode("latin-1")})

    assert answer.status_code == 401


def test_a_stranger_learns_nothing_of_what_a_body_should_be(stranger: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = stranger.post("/api/incidents", content=b"{no json", headers=headers)

    assert answer.status_code == 401


def test_a_revoked_token_is_refused(unit_of_work: UnitOfWorkFactory, responder: TestClient) -> None:
    assert responder.get("/api/incidents").status_code == 200
    with unit_of_work.begin() as work:
        work.session.execute(update(ApiToken).values(revoked_at=work.now))

    assert responder.get("/api/incidents").status_code == 401
