"""The witness: remembers in Redis and in this process how far the database has come.

Redis may lose it at any time; then a database that was reset with a copy of all its files is not detected
(docs/restore.md).
"""

from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from core.clock import elapsed
from workers.breaker import Breaker

KEY = "runbook:mark:"
QUIET = 10.0  # seconds without a try after Redis did not answer, since a tick must not wait for it


class RedisWitness:
    """Stores marks in Redis, and in memory in case Redis loses them or is away. `now`: see core.clock.elapsed."""

    def __init__(self, redis: Redis, now: Callable[[], float] = elapsed) -> None:
        self._redis = redis
        self._seen: dict[str, int] = {}
        self._breaker = Breaker(QUIET, now)

    def remember(self, line: str, mark: int) -> None:
        self._seen[line] = max(mark, self._seen.get(line, 0))
        self._try(lambda: self._redis.set(KEY + line, mark))

    def recall(self, line: str) -> int | None:
        found = self._try(lambda: self._redis.get(KEY + line))
        known = [mark for mark in (self._seen.get(line), _number(found)) if mark is not None]
        return max(known, default=None)

    def _try(self, ask: Callable[[], object]) -> object:
        if not self._breaker.may_try():
            return None
        try:
            answer = ask()
        except RedisError:
            self._breaker.failed()
            return None
        self._breaker.succeeded()
        return answer


def _number(found: object) -> int | None:
    text = found.decode(errors="replace") if isinstance(found, bytes) else str(found)
    return int(text) if text.isdecimal() else None
