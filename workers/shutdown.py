"""Periodic tasks of a process, of which a failing one does not stop the others, and graceful shutdown.

A worker that is told to stop starts nothing new, and after a grace period it hurries.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from core.database import DATABASE_IS_AWAY
from core.unit_of_work import UnitOfWorkFactory

AGAIN = 60.0  # seconds after which the same error is logged again

PeriodicTask = Callable[[UnitOfWorkFactory], object]
log = structlog.get_logger()


class PeriodicTasks:
    """Runs tasks, and logs each of their errors at most once a minute."""

    def __init__(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._unit_of_work = unit_of_work
        self._logged: dict[str, float] = {}

    def do(self, task: PeriodicTask, now: float) -> Exception | None:
        """Run the task. Return the error if the database is unreachable. `now`: the monotonic time in seconds."""
        try:
            task(self._unit_of_work)
        except DATABASE_IS_AWAY as error:
            return error
        except Exception as error:  # noqa: BLE001 the process's boundary: a failing task must not stop the others
            self._log(task, error, now)
        return None

    def _log(self, task: PeriodicTask, error: Exception, now: float) -> None:
        self._logged = {what: at for what, at in self._logged.items() if now - at < AGAIN}
        what = f"{task.__name__}: {error!r}"
        if what not in self._logged:
            self._logged[what] = now
            log.error("periodic task failed", task=task.__name__, exc_info=error)


def repeat(task: PeriodicTask, unit_of_work: UnitOfWorkFactory, stop: threading.Event, every: float) -> None:
    """Run the task at once, then every so many seconds until `stop` is set, whatever fails."""
    tasks = PeriodicTasks(unit_of_work)
    while not stop.is_set():
        tasks.do(task, time.monotonic())
        stop.wait(every)


GRACE_SECONDS = 7.0  # less than the 10 seconds after which supervisors send SIGKILL
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Shutdown:
    """A graceful shutdown. It sets `stopping`, and calls `hurry` after the grace period or a second signal."""

    stopping: threading.Event
    hurry: Callable[[], None]

    def begin(self) -> None:
        """Start the shutdown, or hurry if it has started."""
        if self.stopping.is_set():
            self.hurry()
            return
        self.stopping.set()
        grace = threading.Timer(GRACE_SECONDS, self.hurry)
        grace.daemon = True
        grace.start()

    @contextmanager
    def by_signal(self) -> Iterator[None]:
        """Within the block, SIGTERM and SIGINT start the shutdown and interrupt nothing."""
        before = [signal.signal(number, lambda *_: self.begin()) for number in SIGNALS]
        try:
            yield
        finally:
            for number, handler in zip(SIGNALS, before, strict=True):
                signal.signal(number, handler)
