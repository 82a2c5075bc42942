"""Health and figures, for those who watch the service."""

from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.pages.links import RunLinks
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.clock import SystemClock
from core.database import open_engine
from core.service import Service
from migrations.newest import newest_revision
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedBells
from workers.clock import count_what_ended


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


def test_what_ended_is_counted_once_before_and_after_the_clock_counts_it(
    service: Service, stranger: TestClient, responder: TestClient
) -> None:
    incident = opened(responder)["id"]
    run = responder.post(f"/api/incidents/{incident}/runbooks/say-hello/execute").json()["execution"]["id"]
    responder.post(f"/api/runbooks/executions/{run}/cancel").raise_for_status()
    for _ in range(2):
        lines = stranger.get("/metrics").text.splitlines()
        assert 'runbook_executions{kind="runbook",status="cancelled"} 1.0' in lines
        assert 'runbook_executions{kind="runbook",status="pending"} 0.0' in lines
        assert 'runbook_executions{kind="workflow",status="cancelled"} 0.0' in lines
        count_what_ended(service)


def test_no_address_that_is_a_credential_is_logged(stranger: TestClient) -> None:
    with capture_logs() as lines:
        stranger.post("/api/callbacks/the.secret.token", json={})
    assert [line["path"] for line in lines if line["event"] == "request"] == ["/api/callbacks/…"]
