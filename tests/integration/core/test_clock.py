"""The database's clock: one time for all processes."""

import time
from datetime import UTC, timedelta

import pytest
from freezegun import freeze_time
from sqlalchemy import Engine, event

from core import clock
from core.clock import DatabaseClock, SystemClock


def count_questions(engine: Engine) -> list[str]:
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    return asked


def test_the_time_is_the_databases_in_utc_and_goes_on_in_between(worker_engine: Engine) -> None:
    asked = count_questions(worker_engine)
    database_clock = DatabaseClock(worker_engine)
    first = database_clock.now()
    time.sleep(0.01)
    second = database_clock.now()
    assert first.tzinfo is UTC
    assert timedelta(seconds=0.01) <= second - first < timedelta(seconds=5)
    assert abs(first - SystemClock().now()) < timedelta(seconds=5)
    assert len([statement for statement in asked if "clock_timestamp" in statement]) == 1


def test_the_database_is_asked_again_after_a_while(
    worker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "REFRESH_AFTER", -1.0)
    asked = count_questions(worker_engine)
    database_clock = DatabaseClock(worker_engine)
    database_clock.now()
    database_clock.now()
    assert len([statement for statement in asked if "clock_timestamp" in statement]) == 2


def test_a_wall_clock_that_is_wrong_does_no_harm(worker_engine: Engine) -> None:
    right = SystemClock().now()
    database_clock = DatabaseClock(worker_engine)
    with freeze_time("2001-01-01", tick=True, ignore=["psycopg"]):
        assert SystemClock().now().year == 2001
        assert abs(database_clock.now() - right) < timedelta(seconds=30)


def test_a_process_that_is_halted_with_the_answer_on_its_way_asks_again(worker_engine: Engine) -> None:
    """It would believe for half a minute what the time was before."""
    halts = iter((0.8,))
    event.listen(worker_engine, "after_cursor_execute", lambda *_: time.sleep(next(halts, 0.0)))
    database_clock = DatabaseClock(worker_engine)
    assert abs(database_clock.now() - SystemClock().now()) < timedelta(seconds=0.25)


def test_where_no_answer_is_quick_the_quickest_counts(
    worker_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "EXACT_ENOUGH", -1.0)
    halts = iter((0.8, 0.5))
    event.listen(worker_engine, "after_cursor_execute", lambda *_: time.sleep(next(halts, 0.0)))
    asked = count_questions(worker_engine)
    assert abs(DatabaseClock(worker_engine).now() - SystemClock().now()) < timedelta(seconds=0.2)
    assert len([statement for statement in asked if "clock_timestamp" in statement]) == clock.READINGS
