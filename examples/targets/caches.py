"""A cache: it is flushed and fills up again. Pure functions, as in `clusters`."""

from dataclasses import dataclass, replace
from datetime import datetime

REFILL_PER_SECOND = 500


@dataclass(frozen=True)
class Cache:
    """A cache that holds `capacity` entries when it is warm."""

    name: str
    capacity: int
    flushes: int = 0
    flushed_at: datetime | None = None


def entries(cache: Cache, now: datetime) -> int:
    """Return how many entries the cache holds: none after a flush, then more every second."""
    if cache.flushed_at is None:
        return cache.capacity
    return min(cache.capacity, int((now - cache.flushed_at).total_seconds() * REFILL_PER_SECOND))


def flush(cache: Cache, now: datetime) -> Cache:
    """Empty the cache."""
    return replace(cache, flushes=cache.flushes + 1, flushed_at=now)


def shown_cache(cache: Cache, now: datetime) -> dict[str, object]:
    """Return the cache as GET /caches/{name} shows it."""
    return {
        "cache": cache.name,
        "entries": entries(cache, now),
        "flushes": cache.flushes,
        "flushed_at": cache.flushed_at.isoformat() if cache.flushed_at else None,
    }
