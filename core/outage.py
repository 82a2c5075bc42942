"""What a process cannot reach just now: told once when it goes, and once when it is back."""

import threading
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Outage:
    """Of one thing, such as `the database`, as `who` sees it. It may be told by any thread.

    `now`: of the monotonic clock, in seconds.
    """

    def __init__(self, who: str, what: str, now: Callable[[], float] = time.monotonic) -> None:
        self._who, self._what, self._now = who, what, now
        self._since: float | None = None
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        return self._since is not None

    def begin(self, error: object) -> None:
        """It cannot be reached; said unless it was said already."""
        with self._lock:
            is_news, self._since = self._since is None, self._since or self._now()
        if is_news:
            log.warning(f"{self._who} cannot reach {self._what}, and waits", error=reason(error))

    def end(self) -> None:
        """It is there; said if it was away."""
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            log.info(f"{self._who} reaches {self._what} again", seconds=round(self._now() - since, 1))


def reason(error: object) -> str:
    """What a driver says, in one line: its own words, without those of the layers above it."""
    return " ".join(str(getattr(error, "orig", None) or error).split())
