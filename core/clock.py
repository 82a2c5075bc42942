"""Clocks. Decisions get the time as an argument; only the outer layers read a clock."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine, select
from sqlalchemy.sql.functions import func

REFRESH_AFTER = 120.0  # seconds; within them, a machine's oscillator drifts by a few milliseconds
EXACT_ENOUGH = 0.25  # seconds of acceptable uncertainty: leases leave a second of margin
READINGS = 4  # the maximum number of tries for such a reading


# On Linux this clock continues while the machine is suspended, clock_gettime(2): a worker suspended beyond its lease
# must notice.
_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Return the seconds since an arbitrary moment, independent of the wall clock, for timing between machines."""
    return time.clock_gettime(_ELAPSED)


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time in UTC, with its time zone."""


class SystemClock:
    """This machine's clock: for tests, and for times that no other machine reads."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Reading:
    """The database's time at a moment of `elapsed`, with an uncertainty of `doubt` seconds."""

    time: datetime
    at: float
    doubt: float


class DatabaseClock:
    """The database's clock, on which all processes agree, whatever their own machines show.

    The database is asked from time to time; in between, `elapsed` counts on from its answer, so jumps of the wall clock
    do no harm. Threads may share it: a reading is replaced as a whole.
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
        """Return the most exact of a few readings: a process paused while it asks gets an old answer."""
        best = self._ask()
        for _ in range(READINGS - 1):
            if best.doubt <= EXACT_ENOUGH:
                break
            best = min(best, self._ask(), key=lambda reading: reading.doubt)
        return best

    def _ask(self) -> Reading:
        """Read the database's time, assumed to be halfway between query and answer, give or take that half."""
        with self._engine.connect() as connection:
            asked = elapsed()
            answer = connection.scalar(select(func.clock_timestamp()))
            doubt = (elapsed() - asked) / 2
        assert isinstance(answer, datetime)
        return Reading(answer.astimezone(UTC), asked + doubt, doubt)
