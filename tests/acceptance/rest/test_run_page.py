"""The page of a run: for who has its signed link, or may see the run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.pages.links import GOOD_FOR, RunLinks
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.test_incidents import opened


@pytest.fixture
def execution(responder: TestClient) -> dict[str, Any]:
    address = f"/api/incidents/{opened(responder)['id']}/runbooks/db-check/execute"
    answer = responder.post(address, json={"parameters": {"cluster": "orders"}})
    found: dict[str, Any] = answer.json()["execution"]
    return found


def test_a_signed_link_opens_its_page(
    stranger: TestClient, links: RunLinks, execution: dict[str, Any]
) -> None:
    answer = stranger.get(links.url(execution["id"]).removeprefix("https://runbooks.example"))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for word in ("db-check", "pending", "inc-1", "U0DBOPS", "orders", "pause"):
        assert word in answer.text
    assert (
        "default-src 'none'; script-src 'self'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_expired_link_says_so(stranger: TestClient, links: RunLinks, execution: dict[str, Any]) -> None:
    past = replace(links, now=lambda: datetime.now(UTC) - GOOD_FOR - timedelta(seconds=1))
    answer = stranger.get(f"/runs/{execution['id']}?token={past.sign(execution['id'])}")

    assert answer.status_code == 401
    assert "expired" in answer.text
    assert "90 days" in answer.text
    assert "db-check" not in answer.text


def test_a_link_opens_no_other_page(stranger: TestClient, links: RunLinks, execution: dict[str, Any]) -> None:
    token = links.sign("rbx_0000000000000000")

    assert stranger.get(f"/runs/{execution['id']}?token={token}").status_code == 401
    assert stranger.get(f"/runs/rbx_0000000000000000?token={token}").status_code == 404


@pytest.mark.parametrize("token", ["", "?token=", "?token=abc", "?token=%C3%A9", "?token=%00"])
def test_nobody_reads_a_page_without_a_link_or_a_token(
    stranger: TestClient, execution: dict[str, Any], token: str
) -> None:
    answer = stranger.get(f"/runs/{execution['id']}{token}")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "db-check" not in answer.text


def test_a_bearer_token_opens_the_pages_of_its_persons_teams(
    responder: TestClient, other: TestClient, execution: dict[str, Any]
) -> None:
    assert responder.get(f"/runs/{execution['id']}").status_code == 200
    assert other.get(f"/runs/{execution['id']}").status_code == 404


def test_what_people_wrote_is_shown_as_text(responder: TestClient) -> None:
    responder.get("/runs/<script>alert(1)</script>")
    answer = responder.get("/runs/%3Cscript%3Ealert(1)")

    assert answer.status_code == 404
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>" not in answer.text


def test_without_a_secret_no_link_is_good() -> None:
    links = RunLinks("https://runbooks.example", "")

    assert not links.is_signed("rbx_0", links.sign("rbx_0"))


def test_a_freeze_is_shown_while_it_holds_the_run(
    client_of: ClientOf, responder: TestClient, execution: dict[str, Any]
) -> None:
    admin = client_of("U0DBADMIN")
    freeze = admin.post("/api/freezes", json={"team": "database", "reason": "We <move>"}).json()["freeze"]
    said = "Team database is frozen by U0DBADMIN: We &lt;move&gt; (since 20"
    assert said in responder.get(f"/runs/{execution['id']}").text

    admin.delete(f"/api/freezes/{freeze['id']}")
    assert "frozen" not in responder.get(f"/runs/{execution['id']}").text
