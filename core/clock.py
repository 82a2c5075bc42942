"""Where `now` comes from. Decisions get it as an argument; only the shells ask a clock."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine, select
from sqlalchemy.sql.functions import func

REFRESH_AFTER = 30.0  # seconds; by then a machine's own oscillator is off by a millisecond or so
EXACT_ENOUGH = 0.25  # seconds that an answer may be off at most: leases leave a second for it
READINGS = 4  # at most, for one that is exact enough


# Linux's counts on while the machine is suspended, clock_gettime(2): a worker that slept through its lease must know.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Seconds since some moment, whatever the wall clock says: for what was agreed with other machines."""
    return time.clock_gettime(_ELAPSED)


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, in UTC with its zone."""


class SystemClock:
    """This machine's clock: for tests, and for what no other machine reads."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Reading:
    """The database's time at a moment of `elapsed`, give or take `doubt` seconds."""

    time: datetime
    at: float
    doubt: float


class DatabaseClock:
    """The database's clock: all processes agree on it, whatever their own machine believes.

    The database is asked now and then; in between, `elapsed` counts on from its answer, so a wall
    clock that jumps does no harm. Threads may share it: a reading is replaced as a whole.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading: Reading | None = None

    def now(self) -> datetime:
        reading = self._reading
        if reading is None or elapsed() - reading.at > REFRESH_AFTER:
            reading = self._reading = self._read()
        return reading.time + timedelta(seconds=elapsed() - reading.at)

    def _read(self) -> Reading:
        """As exact as it gets: a process that is halted while it asks gets an answer that is old."""
        best = self._ask()
        for _ in range(READINGS - 1):
            if best.doubt <= EXACT_ENOUGH:
                break
            best = min(best, self._ask(), key=lambda reading: reading.doubt)
        return best

    def _ask(self) -> Reading:
        """The answer was given between the question and its arrival; the middle is off by half of that at most."""
        with self._engine.connect() as connection:
            asked = elapsed()
            answer = connection.scalar(select(func.clock_timestamp()))
            doubt = (elapsed() - asked) / 2
        assert isinstance(answer, datetime)
        return Reading(answer.astimezone(UTC), asked + doubt, doubt)
