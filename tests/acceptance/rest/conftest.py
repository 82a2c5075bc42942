"""The whole web application on a real database, and clients that carry people's tokens."""

from collections.abc import Callable

import pytest
from anyio.from_thread import BlockingPortal
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from bot.limits import RateLimit, RestLimits
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.decisions.people import Person
from core.limits import STANDARD
from core.services.access.tokens import ALL_SCOPES, create_token
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from tests.acceptance.rest.documents import RUNBOOKS
from tests.documented import watched
from tests.snapshots import Snapshots
from tests.world import TEAMS, apply_documents

ClientOf = Callable[[str], TestClient]


@pytest.fixture
def links() -> RunLinks:
    return RunLinks("https://runbooks.example", "the signing secret")


def apply_all(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + RUNBOOKS)


@pytest.fixture
def web(unit_of_work: UnitOfWorkFactory, snapshots: Snapshots, links: RunLinks) -> ASGIApp:
    """The application, with two teams and their runbooks."""
    snapshots.begin_with(unit_of_work, apply_all)
    unlimited = RestSettings(
        limit=RateLimit(rate=1_000_000.0, burst=1_000_000), limits=RestLimits(STANDARD.times(1_000))
    )
    return create_web(
        unit_of_work, slack=None, rest=unlimited, pages=PageSettings(links), newest_revision=newest_revision()
    )


@pytest.fixture
def stranger(web: ASGIApp, portal: BlockingPortal) -> TestClient:
    """A client without a token."""
    return watched(TestClient(web, raise_server_exceptions=False), portal)


@pytest.fixture
def client_of(
    web: ASGIApp, unit_of_work: UnitOfWorkFactory, admin: Person, portal: BlockingPortal
) -> ClientOf:
    """Make a client that speaks for a person."""

    def make(slack_user_id: str) -> TestClient:
        with unit_of_work.begin() as work:
            token = create_token(work, admin, slack_user_id, "test", scopes=ALL_SCOPES)
        headers = {"Authorization": f"Bearer {token}"}
        return watched(TestClient(web, raise_server_exceptions=False, headers=headers), portal)

    return make


@pytest.fixture
def responder(client_of: ClientOf) -> TestClient:
    """A responder of team database."""
    return client_of("U0DBOPS")


@pytest.fixture
def other(client_of: ClientOf) -> TestClient:
    """A responder of team web."""
    return client_of("U0WEB")
