"""Signs of life, where the database is away."""

import time
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from core.clock import SystemClock
from core.database import open_engine
from core.outage import Outage
from core.services.operations import health
from core.services.operations.health import living
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs


def test_a_process_that_has_nothing_to_do_says_once_that_its_database_is_away(
    unit_of_work: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And once that it is back: an idle worker would fall silent, and look healthy."""
    monkeypatch.setattr(health, "EVERY", timedelta(milliseconds=5))
    engines = [open_engine("postgresql://nobody@127.0.0.1:1/none")] * 5
    asked: list[object] = []

    class Returning(UnitOfWorkFactory):
        def begin(self):  # type: ignore[no-untyped-def]  # as the factory has it
            asked.append(1)
            away = (
                UnitOfWorkFactory(engines.pop(), SystemClock(), RecordedJobs()) if engines else unit_of_work
            )
            return away.begin()

    returning = Returning(unit_of_work.engine, unit_of_work.clock, unit_of_work.job_queue)
    with capture_logs() as lines, living(returning, "worker", "1.0", Outage("worker", "the database")):
        deadline = time.monotonic() + 30
        while len(asked) < 8:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    said = [line["event"] for line in lines if line["event"] != "process heartbeat failed"]
    assert said == ["worker cannot reach the database and is waiting", "worker can reach the database again"]
