"""Health and figures, for those who watch the service."""

from starlette.testclient import TestClient

from bot.pages.links import RunLinks
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.clock import SystemClock
from core.database import open_engine
from core.service import Service
from migrations.newest import newest_revision
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedBells


def web_of(service: Service, revision: str | None) -> TestClient:
    links = RunLinks("", "secret")
    web = create_web(service, slack=None, rest=RestSettings(), links=links, newest_revision=revision)
    return TestClient(web, raise_server_exceptions=False)


def test_a_process_is_healthy_and_ready(stranger: TestClient) -> None:
    assert (stranger.get("/healthz").status_code, stranger.get("/healthz").text) == (200, "ok\n")
    assert (stranger.get("/readyz").status_code, stranger.get("/readyz").text) == (200, "ready\n")


def test_a_process_is_not_ready_before_its_migrations(service: Service) -> None:
    answer = web_of(service, "9999_of_tomorrow").get("/readyz")

    assert answer.status_code == 503
    assert "this version needs 9999_of_tomorrow. Run `runbook migrate`." in answer.text


def test_a_process_without_its_database_is_healthy_but_not_ready() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/none")
    client = web_of(Service(engine, SystemClock(), RecordedBells()), newest_revision())

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text[:30]) == (503, "The database cannot be reached")


def test_the_figures_count_executions_and_what_is_owed(stranger: TestClient, responder: TestClient) -> None:
    incident = opened(responder)["id"]
    responder.post(f"/api/incidents/{incident}/runbooks/say-hello/execute")
    lines = stranger.get("/metrics").text.splitlines()

    assert 'runbook_executions{kind="runbook",status="pending"} 1.0' in lines
    assert 'runbook_executions{kind="workflow",status="failed"} 0.0' in lines
    assert "runbook_notices_owed 2.0" in lines
    [oldest] = [line for line in lines if line.startswith("runbook_oldest_due_seconds ")]
    assert 0 < float(oldest.split()[1]) < 60
