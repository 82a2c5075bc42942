"""What samples come to: percentiles, rates, ratios. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """Percentiles of samples, in the unit of the samples."""

    count: int
    p50: float
    p95: float
    p99: float


def percentile(samples: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the samples lie, interpolated between its neighbours.

    This is definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), which numpy and
    spreadsheets take too. Raises ValueError for no samples, and for a share outside 0 to 1.
    """
    if not samples:
        raise ValueError("There is no percentile of no samples.")
    if not 0 <= share <= 1:
        raise ValueError(f"A share is between 0 and 1; this is {share}.")
    ordered = sorted(samples)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def summarize(samples: Sequence[float]) -> Summary:
    """Raises ValueError for no samples."""
    return Summary(
        len(samples), percentile(samples, 0.50), percentile(samples, 0.95), percentile(samples, 0.99)
    )


def ratio(value: float, base: float) -> float:
    """How many times `base` the value is. Raises ValueError where the base is not above zero."""
    if base <= 0:
        raise ValueError(f"There is no ratio to {base}.")
    return value / base


def milliseconds(seconds: Sequence[float]) -> list[float]:
    return [1000 * each for each in seconds]
