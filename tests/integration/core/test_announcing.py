"""What is owed is announced once it is committed, and much at once as little."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine

from bot.poster.poster import listening
from core.announcing import PAUSE_SECONDS, Announcer
from core.clock import SystemClock
from core.services.shared import notices
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import ADMIN, RecordedJobs
from tests.world import TEAMS, apply_documents, new_incident

Listening = psycopg.Connection[object]


@pytest.fixture
def unit_of_work(engine: Engine, recorded_jobs: RecordedJobs) -> Iterator[UnitOfWorkFactory]:
    announcer = Announcer(engine)
    yield UnitOfWorkFactory(engine, SystemClock(), recorded_jobs, frozenset({ADMIN}), announcer=announcer)
    announcer.close()


@pytest.fixture
def hears(unit_of_work: UnitOfWorkFactory) -> Iterator[Listening]:
    with listening(unit_of_work.engine) as connection:
        yield connection


def heard(connection: Listening, seconds: float) -> int:
    return len(list(connection.notifies(timeout=seconds)))


def test_what_a_transaction_owes_is_heard_after_its_commit(
    unit_of_work: UnitOfWorkFactory, hears: Listening
) -> None:
    apply_documents(unit_of_work, TEAMS)
    heard(hears, 0.5)  # of the teams
    new_incident(unit_of_work)
    assert list(hears.notifies(timeout=5, stop_after=1))


def test_nothing_is_announced_of_what_was_rolled_back(
    unit_of_work: UnitOfWorkFactory, hears: Listening
) -> None:
    def fails() -> None:
        with unit_of_work.begin() as work:
            notices.announce(work)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert heard(hears, 0.3) == 0


def test_a_burst_is_heard_as_a_few(unit_of_work: UnitOfWorkFactory, hears: Listening) -> None:
    """A hundred in two pauses' time: the first at once, and one a pause."""
    for _ in range(100):
        unit_of_work.announcer.announce()
        threading.Event().wait(PAUSE_SECONDS / 50)
    assert 1 <= heard(hears, 1) <= 10
