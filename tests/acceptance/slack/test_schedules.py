"""From a schedule to its incident, its gate and its end: over REST and in a Slack sandbox."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.poster.poster import Poster
from bot.poster.slack import open_client
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.services.access.tokens import ALL_SCOPES, create_token
from core.services.incidents.scheduled_incidents import close_finished_maintenance
from core.services.incidents.schedules import start_scheduled_workflows
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from slack_sandbox.config import AppConfig, ChannelConfig, UserConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.acceptance.slack.world import ADMIN, DB_ADMIN, DB_OPS
from tests.conftest import ADMIN as PLATFORM_ADMIN
from tests.conftest import RecordedJobs
from tests.integration.bot.world import BotWorld, PretendTime, texts
from tests.integration.slack_sandbox.people import People
from tests.world import apply_documents, new_executor

CHANNEL = "C0PLANNED"
WORKSPACE = WorkspaceConfig(
    users=tuple(UserConfig(id=user, name=user.lower()) for user in (DB_OPS, DB_ADMIN)),
    channels=(ChannelConfig(id=CHANNEL, name="planned"),),
    app=AppConfig(request_url=None),
)
DEFINITIONS = """
kind: team
name: database
members: [{slack: U0DBADMIN, role: admin}, {slack: U0DBOPS, role: responder}]
channels: [C0PLANNED]
---
kind: runbook
name: vacuum
team: database
steps:
  - {id: gate, type: approval, approvers: {team: database, role: admin}}
  - {id: done, type: message, text: vacuumed}
---
kind: workflow
name: weekly-vacuum
team: database
trigger:
  on: schedule
  cron: "30 4 * * SUN"
  timezone: Europe/Berlin
  incident: {title: "Vacuum of {{ event.local }}", slack_channel: C0PLANNED}
actions:
  - {id: vacuum, type: runbook, runbook: vacuum}
"""
SECONDS_UNTIL_DUE = 18 * 60  # it is 4:12 in Berlin, on a Sunday


@pytest.fixture
def time() -> PretendTime:
    return PretendTime()


@pytest.fixture
def unit_of_work(engine: Engine, recorded_jobs: RecordedJobs, time: PretendTime) -> UnitOfWorkFactory:
    return UnitOfWorkFactory(engine, time, recorded_jobs, frozenset({PLATFORM_ADMIN}))


@pytest.fixture
def world(company: UnitOfWorkFactory, time: PretendTime, recorded_jobs: RecordedJobs) -> Iterator[BotWorld]:
    with RunningSandbox(WORKSPACE, clock=time.now) as sandbox:
        client = open_client(WORKSPACE.app.bot_token, sandbox.api_url)
        poster = Poster(company, client, RunLinks("https://runbook.example", "secret"))
        people = People(sandbox.url)
        yield BotWorld(company, poster, people, time, new_executor(company), recorded_jobs)
        people.close()


@pytest.fixture
def rest(company: UnitOfWorkFactory) -> TestClient:
    with company.begin() as work:
        token = create_token(work, ADMIN, DB_OPS, "test", scopes=ALL_SCOPES)
    web = create_web(
        company,
        slack=None,
        rest=RestSettings(),
        pages=PageSettings(RunLinks("https://x", "s")),
        newest_revision=newest_revision(),
    )
    return TestClient(web, headers={"Authorization": f"Bearer {token}"})


def tick(world: BotWorld) -> None:
    start_scheduled_workflows(world.unit_of_work)
    world.work()
    close_finished_maintenance(world.unit_of_work)
    world.settle()


def planned_card(world: BotWorld) -> str:
    """The text of the card of the planned work; its team's channel also has news of other incidents' channels."""
    cards = [texts(card) for card in world.of_kind("incident", CHANNEL)]
    [found] = [card for card in cards if "*planned maintenance: Vacuum of 2026-03-01 04:30*" in card]
    return found


def test_planned_work_has_its_incident_its_gate_with_a_tag_and_its_end(
    world: BotWorld, rest: TestClient
) -> None:
    apply_documents(world.unit_of_work, DEFINITIONS)
    workflow = rest.get("/api/workflows/weekly-vacuum").json()["workflow"]
    assert (workflow["trigger_on"], workflow["next_at"]) == ("schedule", "2026-03-01T03:30:00Z")
    tick(world)
    assert rest.get("/api/incidents", params={"kind": "maintenance"}).json()["incidents"] == []

    world.time.pass_by(SECONDS_UNTIL_DUE)
    tick(world)
    [incident] = rest.get("/api/incidents", params={"kind": "maintenance"}).json()["incidents"]
    assert (incident["title"], incident["kind"]) == ("Vacuum of 2026-03-01 04:30", "maintenance")
    assert (incident["team"], incident["status"]) == ("database", "open")
    others = rest.get("/api/incidents", params={"kind": "incident"}).json()["incidents"]
    assert [each["title"] for each in others] == ["Orders DB down"]
    assert "opened by workflow weekly-vacuum" in planned_card(world)

    [run] = rest.get(f"/api/incidents/{incident['id']}/runbooks/executions").json()["executions"]
    assert (run["incident_kind"], run["workflow"]) == ("maintenance", "weekly-vacuum")
    gate = world.the("gate", CHANNEL)
    tags = [str(block["elements"]) for block in gate["blocks"] if block["type"] == "context"]
    assert any(run["id"] in tag and run["workflow_execution_id"] in tag for tag in tags)
    assert gate["metadata"]["event_payload"]["workflow_execution_id"] == run["workflow_execution_id"]
    flow = rest.get(f"/api/workflows/executions/{run['workflow_execution_id']}").json()["execution"]
    assert flow["event"]["at"] == "2026-03-01T03:30:00Z"
    lines = rest.get(f"/api/incidents/{incident['id']}/timeline").json()["timeline"]
    assert "the schedule of workflow weekly-vacuum was due at 2026-03-01T03:30:00Z" in [
        line["text"] for line in lines
    ]

    world.approve(run["id"])
    world.work()
    tick(world)
    closed = rest.get(f"/api/incidents/{incident['id']}").json()["incident"]
    assert closed["status"] == "closed"
    assert "*closed*" in planned_card(world)
    workflow = rest.get("/api/workflows/weekly-vacuum").json()["workflow"]
    assert workflow["next_at"] == "2026-03-08T03:30:00Z"
    assert rest.get("/api/workflows").json()["workflows"][0]["next_at"] == "2026-03-08T03:30:00Z"
