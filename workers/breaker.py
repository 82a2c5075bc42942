"""A circuit breaker: after a failure nothing is tried for a while, and then only one thread tries."""

import threading
from collections.abc import Callable

from core.clock import elapsed


class Breaker:
    """The circuit breaker for one resource, shared by all threads of a process.

    `seconds`: how long it stays open after a failure. `now`: see core.clock.elapsed.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = elapsed) -> None:
        self._seconds, self._now = seconds, now
        self._tried_again_at: float | None = None
        self._lock = threading.Lock()

    def may_try(self) -> bool:
        """True if the caller may try now. After a failure, only one caller gets True per `seconds`."""
        with self._lock:
            if self._tried_again_at is None:
                return True
            if self._now() < self._tried_again_at:
                return False
            self._tried_again_at = self._now() + self._seconds
            return True

    def failed(self) -> None:
        with self._lock:
            self._tried_again_at = self._now() + self._seconds

    def succeeded(self) -> None:
        with self._lock:
            self._tried_again_at = None
