"""The duties of a process, and its end.

PeriodicTasks that a process has again and again: one that fails keeps no other from being done.

How a worker is told to stop: first to begin nothing more, then to hurry.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from core.database import DATABASE_IS_AWAY
from core.unit_of_work import UnitOfWorkFactory

AGAIN = 60.0  # seconds after which the same trouble is told again

PeriodicTask = Callable[[UnitOfWorkFactory], object]
log = structlog.get_logger()


class PeriodicTasks:
    """Does them, and remembers what of their troubles it told lately."""

    def __init__(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._unit_of_work = unit_of_work
        self._told: dict[str, float] = {}

    def do(self, task: PeriodicTask, now: float) -> Exception | None:
        """Do it; answer the error where the database is away. `now`: of the monotonic clock."""
        try:
            task(self._unit_of_work)
        except DATABASE_IS_AWAY as error:
            return error
        except Exception as error:  # noqa: BLE001 the process' boundary: what nobody expected of one must not end all
            self._tell(task, error, now)
        return None

    def _tell(self, task: PeriodicTask, error: Exception, now: float) -> None:
        self._told = {what: at for what, at in self._told.items() if now - at < AGAIN}
        what = f"{task.__name__}: {error!r}"
        if what not in self._told:
            self._told[what] = now
            log.error("a duty failed", task=task.__name__, exc_info=error)


GRACE_SECONDS = 7.0  # less than the 10 seconds after which supervisors, ours and others, kill
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Shutdown:
    """`stopping` is set when it is told to stop; `hurry` is called when that takes long, or it is told twice."""

    stopping: threading.Event
    hurry: Callable[[], None]

    def begin(self) -> None:
        """Tell it."""
        if self.stopping.is_set():
            self.hurry()
            return
        self.stopping.set()
        grace = threading.Timer(GRACE_SECONDS, self.hurry)
        grace.daemon = True
        grace.start()

    @contextmanager
    def by_signal(self) -> Iterator[None]:
        """Within the block SIGTERM and SIGINT tell it, and interrupt nothing."""
        before = [signal.signal(number, lambda *_: self.begin()) for number in SIGNALS]
        try:
            yield
        finally:
            for number, handler in zip(SIGNALS, before, strict=True):
                signal.signal(number, handler)
