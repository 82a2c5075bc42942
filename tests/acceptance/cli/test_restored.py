"""`runbook restored`, and a start with --frozen, at the terminal."""

from pathlib import Path

import pytest

from cli.embedded import Services
from cli.startup_checks import begin
from core.clock import SystemClock
from core.database import open_engine
from core.errors import Unavailable
from core.services.freezes.in_force import freezes_in_force
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.cli.conftest import Cli
from tests.conftest import RecordedJobs


@pytest.fixture(autouse=True)
def environment(
    database_url: str, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", services.redis_url)
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path))


def reasons(unit_of_work: UnitOfWorkFactory) -> list[str]:
    with unit_of_work.begin() as work:
        return [freeze.reason for freeze in freezes_in_force(work)]


def test_an_operator_says_that_the_database_was_restored(cli: Cli, unit_of_work: UnitOfWorkFactory) -> None:
    answer = cli("restored")

    assert (answer.status, answer.err) == (0, "")
    assert "generation 2 of the database" in " ".join(answer.out.split())
    [reason] = reasons(unit_of_work)
    assert reason.startswith(
        "An operator declared that the database was restored from a copy. What happened after"
    )


@pytest.mark.parametrize("process", ["worker --concurrency 1", "worker --concurrency 2", "clock"])
def test_a_process_freezes_everything_before_it_does_anything(
    cli: Cli, unit_of_work: UnitOfWorkFactory, process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    busy = {"worker --concurrency 1": "work", "worker --concurrency 2": "_supervise", "clock": "run_clock"}[
        process
    ]
    module = f"cli.roles.{process.split()[0]}"
    monkeypatch.setattr(f"{module}.{busy}", lambda *_, **__: seen.append(reasons(unit_of_work)))

    assert cli(*process.split(), "--frozen").status == 0
    assert seen == [["It was started with --frozen"]]


def test_what_is_to_start_frozen_and_cannot_freeze_does_not_start() -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:9/none")

    with pytest.raises(Unavailable, match="Not started"):
        begin(UnitOfWorkFactory(engine, SystemClock(), RecordedJobs()), frozen=True)
