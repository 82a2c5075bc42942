"""Health and figures, for those who watch the service."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, text, update
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.web import create_web
from core.clock import SystemClock, elapsed
from core.database import open_engine
from core.decisions.heartbeats import WITHOUT
from core.decisions.installation import OLDEST_SCHEMA
from core.services.operations.health import Life, living
from core.tables import Process
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from migrations.upgrade import upgrade_database
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import RecordedJobs
from workers.scheduler import count_what_ended


@pytest.fixture(autouse=True)
def schema_as_it_was(owner_engine: Engine) -> Iterator[None]:
    """Whatever a test says that the database was migrated to."""
    yield
    with owner_engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{newest_revision()}'"))
    upgrade_database(owner_engine)


@pytest.fixture
def migrated_to(owner_engine: Engine) -> Callable[..., None]:
    """Says that the database was migrated to there, and from which release on that may be used."""

    def migrated(revision: str, oldest_code: str = "0015") -> None:
        with owner_engine.begin() as connection:
            connection.execute(text(f"UPDATE alembic_version SET version_num = '{revision}'"))
            connection.execute(text("DELETE FROM schema_compatibility"))
            connection.execute(text(f"INSERT INTO schema_compatibility VALUES (1, '{oldest_code}')"))

    return migrated


def readiness(unit_of_work: UnitOfWorkFactory, *, redis_answers: bool = True) -> list[str]:
    return (
        web_of(unit_of_work, newest_revision(), redis_answers=redis_answers).get("/readyz").text.splitlines()
    )


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def web_of(
    unit_of_work: UnitOfWorkFactory,
    revision: str | None,
    *,
    redis_answers: bool = True,
    now: Callable[[], float] = elapsed,
) -> TestClient:
    web = create_web(
        unit_of_work,
        slack=None,
        rest=RestSettings(),
        pages=PageSettings(RunLinks("", "secret")),
        newest_revision=revision,
        redis_answers=lambda: redis_answers,
        now=now,
    )
    return TestClient(web, raise_server_exceptions=False)


def test_a_process_is_healthy_and_ready(stranger: TestClient) -> None:
    assert (stranger.get("/healthz").status_code, stranger.get("/healthz").text) == (200, "ok\n")
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.text.splitlines()[0]) == (200, "ready")


def test_readiness_names_what_is_there_and_what_the_absence_of_each_costs(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    with living(unit_of_work, "worker", "1.0"):
        until(lambda: "worker: 1 alive, the last sign of life 0 s ago" in readiness(unit_of_work))
        lines = readiness(unit_of_work, redis_answers=False)

    assert lines[:3] == [
        "ready",
        f"database: at migration {newest_revision()}",
        "redis: away: runs start up to two seconds later; nothing is lost",
    ]
    assert lines[4:] == [
        f"{kind}: none alive, there was no sign of life: {WITHOUT[kind]}" for kind in ("poster", "clock")
    ]
    assert "redis: answers" in readiness(unit_of_work)


def test_who_ends_in_order_is_not_missed_and_who_does_not_is(unit_of_work: UnitOfWorkFactory) -> None:
    with living(unit_of_work, "poster", "1.0"):
        until(lambda: any("poster: 1 alive" in line for line in readiness(unit_of_work)))
    assert f"poster: none alive, there was no sign of life: {WITHOUT['poster']}" in readiness(unit_of_work)

    with unit_of_work.begin() as work:
        Life("clock", "1.0").give_sign(work)
        work.session.execute(update(Process).values(seen_at=Process.seen_at - timedelta(minutes=5)))
    assert f"clock: none alive, the last sign of life was 5 min ago: {WITHOUT['clock']}" in readiness(
        unit_of_work
    )


def test_a_process_is_not_ready_before_its_migrations(
    unit_of_work: UnitOfWorkFactory, migrated_to: Callable[..., None]
) -> None:
    migrated_to("0019")
    answer = web_of(unit_of_work, newest_revision()).get("/readyz")

    assert answer.status_code == 503
    assert f"this release needs {OLDEST_SCHEMA} or newer. Run `runbook migrate`." in answer.text


def test_the_release_before_is_ready_after_a_migration_that_says_that_it_fits(
    unit_of_work: UnitOfWorkFactory, migrated_to: Callable[..., None]
) -> None:
    migrated_to("9999", oldest_code=newest_revision())
    assert web_of(unit_of_work, newest_revision()).get("/readyz").status_code == 200

    migrated_to("9999", oldest_code="9998")
    answer = web_of(unit_of_work, newest_revision()).get("/readyz")
    assert answer.status_code == 503
    assert "Run a release that can (9998 or newer)." in answer.text


def test_a_process_without_its_database_is_healthy_but_not_ready() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/none")
    client = web_of(UnitOfWorkFactory(engine, SystemClock(), RecordedJobs()), newest_revision())

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text[:30]) == (503, "The database cannot be reached")


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """What the database was asked."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("address", ["/readyz", "/metrics"])
def test_nobody_makes_the_database_work_by_asking_without_a_token(
    unit_of_work: UnitOfWorkFactory, statements: list[str], address: str
) -> None:
    time = [0.0]
    web = web_of(unit_of_work, newest_revision(), now=lambda: time[0])
    first = web.get(address)
    once = len(statements)
    for _ in range(30):
        again = web.get(address)
        assert (again.status_code, again.text) == (200, first.text)
        assert again.headers["content-type"] == first.headers["content-type"]
    assert once > 0
    assert len(statements) == once

    time[0] = 5.0
    web.get(address)
    assert len(statements) > once


def test_readiness_turns_within_two_seconds(
    unit_of_work: UnitOfWorkFactory, migrated_to: Callable[..., None]
) -> None:
    time = [0.0]
    web = web_of(unit_of_work, newest_revision(), now=lambda: time[0])
    assert web.get("/readyz").status_code == 200
    migrated_to("0019")
    time[0] = 0.9
    assert web.get("/readyz").status_code == 200
    time[0] = 1.9
    assert web.get("/readyz").status_code == 503
    migrated_to(newest_revision())
    time[0] = 3.8
    assert web.get("/readyz").status_code == 200


@pytest.mark.parametrize("address", ["/readyz", "/metrics"])
def test_a_database_that_is_away_is_not_asked_for_each_request_either(address: str) -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/none")
    tries = []
    event.listen(engine, "do_connect", lambda *_all: tries.append(1))
    web = web_of(UnitOfWorkFactory(engine, SystemClock(), RecordedJobs()), newest_revision(), now=lambda: 0.0)
    answers = [web.get(address) for _ in range(20)]

    assert {(each.status_code, each.text[:30]) for each in answers} == {
        (503, "The database cannot be reached")
    }
    assert len(tries) == 1


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
    unit_of_work: UnitOfWorkFactory, responder: TestClient
) -> None:
    incident = opened(responder)["id"]
    run = responder.post(f"/api/incidents/{incident}/runbooks/say-hello/execute").json()["execution"]["id"]
    responder.post(f"/api/runbooks/executions/{run}/cancel").raise_for_status()
    for _ in range(2):
        lines = web_of(unit_of_work, newest_revision()).get("/metrics").text.splitlines()
        assert 'runbook_executions{kind="runbook",status="cancelled"} 1.0' in lines
        assert 'runbook_executions{kind="runbook",status="pending"} 0.0' in lines
        assert 'runbook_executions{kind="workflow",status="cancelled"} 0.0' in lines
        count_what_ended(unit_of_work)


def test_no_address_that_is_a_credential_is_logged(stranger: TestClient) -> None:
    with capture_logs() as lines:
        stranger.post("/api/callbacks/the.secret.token", json={})
    assert [line["path"] for line in lines if line["event"] == "request"] == ["/api/callbacks/…"]
