"""From a freeze typed in Slack to what the incident's channel shows, through a poster and a Slack sandbox."""

from collections.abc import Iterator

import pytest
from slack_bolt import App
from sqlalchemy import Engine

from bot.app import create_bolt_app
from bot.pages.links import RunLinks
from bot.poster.poster import Poster
from bot.poster.slack import open_client
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.config import AppConfig, ChannelConfig, UserConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.world import DB_ADMIN, DB_CHANNEL, DB_OPS, gate_of, lost_in_step
from tests.conftest import ADMIN, RecordedJobs
from tests.integration.bot.world import BotWorld, PretendTime, texts
from tests.integration.slack_sandbox.people import People
from tests.world import new_executor

WORKSPACE = WorkspaceConfig(
    users=tuple(UserConfig(id=user, name=user.lower()) for user in (DB_OPS, DB_ADMIN)),
    channels=(ChannelConfig(id=DB_CHANNEL, name="db"),),
    app=AppConfig(request_url=None),
)


@pytest.fixture
def time() -> PretendTime:
    return PretendTime()


@pytest.fixture
def unit_of_work(engine: Engine, recorded_jobs: RecordedJobs, time: PretendTime) -> UnitOfWorkFactory:
    return UnitOfWorkFactory(engine, time, recorded_jobs, frozenset({ADMIN}))


@pytest.fixture
def sandbox(time: PretendTime) -> Iterator[RunningSandbox]:
    with RunningSandbox(WORKSPACE, clock=time.now) as running:
        yield running


@pytest.fixture
def app(company: UnitOfWorkFactory, sandbox: RunningSandbox) -> App:
    token = WORKSPACE.app.bot_token
    return create_bolt_app(company, workspace=ours, token=token, api_url=sandbox.api_url)


@pytest.fixture
def world(
    company: UnitOfWorkFactory, sandbox: RunningSandbox, time: PretendTime, recorded_jobs: RecordedJobs
) -> Iterator[BotWorld]:
    client = open_client(WORKSPACE.app.bot_token, sandbox.api_url)
    poster = Poster(company, client, RunLinks("https://runbook.example", "secret"))
    people = People(sandbox.url)
    yield BotWorld(company, poster, people, time, new_executor(company), recorded_jobs)
    people.close()


def frozen_kinds(world: BotWorld) -> list[str]:
    """Which cards of the channel say that a freeze is there, in their blocks and in their text."""
    world.settle()
    words = f"Team database is frozen by <@{DB_ADMIN}>: We move house (since"
    return [
        kind
        for kind in ("headline", "gate", "verdict")
        for message in world.of_kind(kind, DB_CHANNEL)
        if words in texts(message).replace("*", "") and words in message["text"]
    ]


def test_what_is_frozen_by_a_command_shows_it_on_every_card_until_it_is_unfrozen(
    slack: Slack, world: BotWorld
) -> None:
    gate_of(world.unit_of_work, DB_OPS)
    lost_in_step(world.unit_of_work, DB_OPS)
    assert frozen_kinds(world) == []

    slack.types(DB_ADMIN, DB_CHANNEL, "freeze database We move house")
    assert frozen_kinds(world) == ["headline", "headline", "gate", "verdict"]

    slack.types(DB_ADMIN, DB_CHANNEL, "unfreeze database")
    assert frozen_kinds(world) == []


def test_who_did_not_freeze_hears_of_it_and_of_its_end_in_the_incidents_channel(
    slack: Slack, world: BotWorld
) -> None:
    for _ in range(2):
        slack.types(DB_ADMIN, DB_CHANNEL, "freeze database We move house", "t.1")
    world.settle()
    assert "Team database is frozen by" in world.the("freeze", DB_CHANNEL)["text"]

    slack.types(DB_ADMIN, DB_CHANNEL, "unfreeze database")
    world.settle()
    assert "Team database is no longer frozen" in world.of_kind("freeze", DB_CHANNEL)[-1]["text"]
    assert len(world.of_kind("freeze", DB_CHANNEL)) == 2
