"""Where `now` comes from. Decisions get it as an argument; only the shells ask a clock."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine, select
from sqlalchemy.sql.functions import func

REFRESH_AFTER = 30.0  # seconds; by then a machine's own oscillator is off by a millisecond or so


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, in UTC with its zone."""


class SystemClock:
    """This machine's clock: for tests, and for what no other machine reads."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class DatabaseClock:
    """The database's clock: all processes agree on it, whatever their own machine believes.

    The database is asked now and then; in between, the monotonic clock counts on from its answer, so a wall
    clock that jumps does no harm.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked_at = float("-inf")
        self._answer = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        elapsed = time.monotonic() - self._asked_at
        if elapsed > REFRESH_AFTER:
            self._ask()
            elapsed = time.monotonic() - self._asked_at
        return self._answer + timedelta(seconds=elapsed)

    def _ask(self) -> None:
        with self._engine.connect() as connection:
            answer = connection.scalar(select(func.clock_timestamp()))
        assert isinstance(answer, datetime)
        self._answer, self._asked_at = answer.astimezone(UTC), time.monotonic()
