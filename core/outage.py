"""Outages of something a process depends on, logged once when they begin and once when they end."""

import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Outage:
    """The outage of `what`, such as `the database`, as `who` sees it. Thread-safe.

    `now`: the monotonic clock, in seconds.
    """

    def __init__(self, who: str, what: str, now: Callable[[], float] = time.monotonic) -> None:
        self._who, self._what, self._now = who, what, now
        self._since: float | None = None
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        return self._since is not None

    def begin(self, error: object) -> None:
        """Record that it cannot be reached; logs a warning unless already recorded."""
        with self._lock:
            is_news, self._since = self._since is None, self._since or self._now()
        if is_news:
            log.warning(f"{self._who} cannot reach {self._what} and is waiting", error=reason(error))

    def end(self) -> None:
        """Record that it can be reached; logs if there was an outage."""
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            log.info(f"{self._who} can reach {self._what} again", seconds=round(self._now() - since, 1))


def reason(error: object) -> str:
    """Return the driver's error message on one line, without those of the layers above it."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
