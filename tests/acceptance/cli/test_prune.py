"""`runbook prune`, at the terminal."""

from pathlib import Path

import pytest
from sqlalchemy import text

from cli.embedded import Services
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.cli.conftest import Cli
from tests.world import new_incident, start_run
from workers.scheduler import count_what_ended

AGE = text("""
UPDATE runbook_executions SET status = 'succeeded', wake_at = NULL, finished_at = now() - interval '200 days'
""")


@pytest.fixture(autouse=True)
def environment(
    database_url: str, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", services.redis_url)
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))


@pytest.fixture
def old(cli: Cli, incident: Incident, unit_of_work: UnitOfWorkFactory) -> str:
    """A run that ended long ago; another one's incident is open."""
    run = start_run(unit_of_work, incident, "say-hello")
    start_run(unit_of_work, new_incident(unit_of_work), "say-hello")
    with unit_of_work.begin() as work:
        work.session.execute(AGE)
        work.session.execute(text("UPDATE notices SET delivered = wanted"))
        work.session.execute(
            text("UPDATE incidents SET status = 'closed' WHERE id = :id"), {"id": incident.id}
        )
    count_what_ended(unit_of_work)
    return run


def test_it_says_which_and_why_and_deletes_only_when_told(cli: Cli, old: str) -> None:
    shown = cli("prune", "--days", "150")
    assert (shown.status, shown.err) == (0, "")
    said = " ".join(shown.out.split())
    assert "1 runbook executions ended more than 150 days ago and would be deleted." in said
    assert f"{old} say-hello inc-1 200 days ago" in said
    assert "1 as old would be kept: its incident is not resolved." in said
    assert "Nothing was deleted" in said

    assert "Deleted 1 runbook executions." in cli("prune", "--days", "150", "--delete").out
    assert "0 runbook executions" in cli("prune", "--days", "150").out


def test_the_settings_say_what_is_old(cli: Cli, old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "runbook executions are kept for ever: RUNBOOK_KEEP_RUNS is not set." in cli("prune").out
    monkeypatch.setenv("RUNBOOK_KEEP_RUNS", "201")
    assert "0 runbook executions ended more than 201 days ago" in cli("prune").out
    monkeypatch.setenv("RUNBOOK_KEEP_RUNS", "30")
    refused = cli("prune")
    assert refused.status == 1
    assert "RUNBOOK_KEEP_RUNS is '30'" in refused.err
    assert "91" in cli("prune", "--days", "30").err
