from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from bot.pages.links import RunLinks
from bot.poster.poster import Poster
from bot.poster.slack import open_client
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.serving import RunningSandbox
from tests.conftest import ADMIN, RecordedJobs
from tests.integration.bot.world import DEFINITIONS, WORKSPACE, BotWorld, PretendTime
from tests.integration.slack_sandbox.people import People
from tests.snapshots import Snapshots
from tests.world import apply_documents, new_executor, new_incident


@pytest.fixture
def time() -> PretendTime:
    return PretendTime()


def apply_definitions(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, DEFINITIONS)


@pytest.fixture
def unit_of_work(
    engine: Engine, snapshots: Snapshots, recorded_jobs: RecordedJobs, time: PretendTime
) -> UnitOfWorkFactory:
    unit_of_work = UnitOfWorkFactory(engine, time, recorded_jobs, frozenset({ADMIN}))
    snapshots.begin_with(unit_of_work, apply_definitions)
    return unit_of_work


@pytest.fixture
def slack(time: PretendTime) -> Iterator[RunningSandbox]:
    """With Slack's rate limits, counted in the test's own time."""
    with RunningSandbox(WORKSPACE, clock=time.now) as running:
        yield running


@pytest.fixture
def people(slack: RunningSandbox) -> Iterator[People]:
    people = People(slack.url)
    yield people
    people.close()


@pytest.fixture
def poster(unit_of_work: UnitOfWorkFactory, slack: RunningSandbox) -> Poster:
    client = open_client(WORKSPACE.app.bot_token, slack.api_url)
    return Poster(unit_of_work, client, RunLinks("https://runbook.example", "secret"))


@pytest.fixture
def world(
    unit_of_work: UnitOfWorkFactory,
    poster: Poster,
    people: People,
    time: PretendTime,
    recorded_jobs: RecordedJobs,
) -> BotWorld:
    return BotWorld(unit_of_work, poster, people, time, new_executor(unit_of_work), recorded_jobs)


@pytest.fixture
def incident(unit_of_work: UnitOfWorkFactory) -> Incident:
    """In channel C0INCIDENT."""
    return new_incident(unit_of_work)
