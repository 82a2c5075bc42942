"""Slack's rate limits of methods, and how long to wait after a call that exceeds one.

https://docs.slack.dev/apis/web-api/rate-limits defines tiers as "N+ per minute, with bursts". Here each limit is a
token bucket: it holds ``burst`` calls and refills evenly, so a client within the published rate is never refused.
"""

import math
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Limit:
    """``per_minute`` calls a minute, and up to ``burst`` at once after a pause."""

    per_minute: float
    burst: int
    per_channel: bool = False


TIER_1 = Limit(per_minute=1, burst=10)
"""1+ a minute, with "a small amount of burst": here enough to open all ten Socket Mode connections."""
TIER_2 = Limit(per_minute=20, burst=20)
TIER_3 = Limit(per_minute=50, burst=50)
TIER_4 = Limit(per_minute=100, burst=100)
POSTING = Limit(per_minute=60, burst=5, per_channel=True)
"""chat.postMessage: one a second a channel, "short bursts allowed". Slack gives no size; 5 is our own."""
GENEROUS = Limit(per_minute=600, burst=600)
"""auth.test and chat.getPermalink: "hundreds of requests per minute"."""


@dataclass(frozen=True)
class Bucket:
    """Calls that may be made at once, as of ``at``."""

    tokens: float
    at: datetime


def take(bucket: Bucket | None, limit: Limit, now: datetime) -> tuple[Bucket, int | None]:
    """Count one call. Returns the bucket afterwards, and the seconds to wait if the call is refused."""
    per_second = limit.per_minute / 60
    held = float(limit.burst)
    if bucket is not None:
        passed = max(0.0, (now - bucket.at).total_seconds())
        held = min(held, bucket.tokens + passed * per_second)
    if held >= 1:
        return Bucket(held - 1, now), None
    return Bucket(held, now), max(1, math.ceil((1 - held) / per_second))


class RateLimits:
    """The buckets of one app in one workspace: one a method, for some methods one a method and channel."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def retry_after(self, method: str, limit: Limit, channel: str, now: datetime) -> int | None:
        """Count one call of ``method``: the seconds to wait if it is too many, else None."""
        key = (method, channel if limit.per_channel else "")
        self._buckets[key], wait = take(self._buckets.get(key), limit, now)
        return wait
