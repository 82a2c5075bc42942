"""A circuit breaker: what did not answer is left alone for a while, and then tried by one thread alone."""

import threading
from collections.abc import Callable

from core.clock import elapsed


class Breaker:
    """Of one thing, for all threads of a process.

    `seconds`: how long it is left alone; `now`: see core.clock.elapsed.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = elapsed) -> None:
        self._seconds, self._now = seconds, now
        self._tried_again_at: float | None = None
        self._lock = threading.Lock()

    def may_try(self) -> bool:
        """Whether to try now. Who is told so after a failure is the only one for as long as it is left alone."""
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
