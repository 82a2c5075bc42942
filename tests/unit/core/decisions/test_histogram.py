"""Percentiles from buckets, compared with those of the durations themselves."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report import percentile as exact
from core.services.analytics.tallies import ERROR, GROWTH, SMALLEST, percentile, value_of

SECONDS = st.floats(min_value=0.002, max_value=30 * 86_400)


def bucket_of(seconds: float) -> int:
    """Return the bucket as the counting statement computes it."""
    return math.ceil(math.log(seconds / SMALLEST) / math.log(GROWTH)) if seconds > SMALLEST else 0


@given(SECONDS)
def test_the_value_of_a_bucket_is_near_every_duration_in_it(seconds: float) -> None:
    assert value_of(bucket_of(seconds)) == pytest.approx(seconds, rel=ERROR + 1e-9)


@given(st.lists(SECONDS, min_size=1, max_size=60), st.sampled_from([0.0, 0.5, 0.95, 1.0]))
def test_a_percentile_is_near_the_exact_one(seconds: list[float], share: float) -> None:
    buckets = Counter(map(bucket_of, seconds))

    assert percentile(buckets, share) == pytest.approx(exact(seconds, share), rel=ERROR + 1e-9)


def test_the_error_is_what_is_said_of_it() -> None:
    assert ERROR < 0.025


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None


def test_what_takes_no_time_takes_none() -> None:
    assert percentile({0: 3}, 0.95) == 0.0
