"""429 over REST."""

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from bot.limits import RateLimit
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.unit_of_work import UnitOfWorkFactory


@pytest.fixture
def web(web: ASGIApp, unit_of_work: UnitOfWorkFactory, links: RunLinks) -> ASGIApp:
    """The application with a limit that is soon met."""
    rest = RestSettings(limit=RateLimit(rate=0.1, burst=3))
    return create_web(unit_of_work, slack=None, rest=rest, pages=PageSettings(links), newest_revision=None)


def test_a_token_that_asks_too_often_is_told_when_to_come_back(
    responder: TestClient, other: TestClient, stranger: TestClient
) -> None:
    assert [responder.get("/api/incidents").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = responder.post("/api/incidents", json={})

    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "10"
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "rate_limited"
    assert "10 s" in refused.json()["detail"]
    assert other.get("/api/incidents").status_code == 200
    assert stranger.get("/healthz").status_code == 200


def test_the_default_is_far_above_what_people_do() -> None:
    limit = RestSettings().limit
    assert [limit.take("a") for _ in range(100)] == [0] * 100
