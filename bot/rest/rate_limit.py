"""How often something may happen: a token bucket for each who does it, in this process.

Not in Redis: a limit that needs Redis would fail with it, and would cost each request a round trip, for a limit that
guards one process's threads and connections against one client's loop. With several `web` processes a client may
reach each of them so often. Time is an argument here (`clock`), and what is remembered is bounded.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MOST_BUCKETS = 10_000  # then those that are full again are forgotten


@dataclass
class _Bucket:
    level: float
    at: float


class RateLimit:
    """`burst` requests at once, `rate` a second in the long run. `clock` answers seconds that only grow."""

    def __init__(
        self, rate: float = 50.0, burst: int = 100, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, token_id: str) -> int:
        """0: go on. Otherwise the whole seconds after which to try again; nothing was taken."""
        return self._ask(token_id, 1)

    def ask(self, token_id: str) -> int:
        """What `take` would answer; nothing is taken."""
        return self._ask(token_id, 0)

    def _ask(self, token_id: str, taken: int) -> int:
        now = self._clock()
        with self._lock:
            if len(self._buckets) >= MOST_BUCKETS:
                self._forget_full(now)
            bucket = self._buckets.setdefault(token_id, _Bucket(self._burst, now))
            bucket.level, bucket.at = self._level(bucket, now), now
            if bucket.level < 1:
                return math.ceil((1 - bucket.level) / self._rate)
            bucket.level -= taken
            return 0

    def _level(self, bucket: _Bucket, now: float) -> float:
        return min(self._burst, bucket.level + (now - bucket.at) * self._rate)

    def _forget_full(self, now: float) -> None:
        self._buckets = {
            token_id: bucket
            for token_id, bucket in self._buckets.items()
            if self._level(bucket, now) < self._burst
        }
