"""Durations in buckets that grow by 5 %: how long things take, in a few numbers however many they are.

A bucket's value is at most `ERROR` of a duration in it away from that, and so is a percentile from the exact one. Up
to `SMALLEST` seconds a duration counts as none.
"""

from collections.abc import Mapping

SMALLEST = 0.001
GROWTH = 1.05
ERROR = (GROWTH - 1) / (GROWTH + 1)  # 2.4 %

Buckets = Mapping[int, int]  # how many durations, by the number of their bucket


def value_of(bucket: int) -> float:
    """Seconds. Bucket n holds what is above SMALLEST * GROWTH ** (n - 1), up to SMALLEST * GROWTH ** n."""
    return SMALLEST * GROWTH**bucket * 2 / (GROWTH + 1) if bucket > 0 else 0.0


def percentile(buckets: Buckets, share: float) -> float | None:
    """The value below which `share` (0 to 1) of the durations lie, as `percentile_cont` defines it.

    None where there is no duration.
    """
    total = sum(buckets.values())
    if not total:
        return None
    place = share * (total - 1)
    below = int(place)
    low, high = _at(buckets, below), _at(buckets, min(below + 1, total - 1))
    return low + (place - below) * (high - low)


def _at(buckets: Buckets, place: int) -> float:
    """The value at a place, counted from 0, in the order of the durations."""
    for bucket in sorted(buckets):
        place -= buckets[bucket]
        if place < 0:
            return value_of(bucket)
    raise AssertionError("a place is below the number of durations")
