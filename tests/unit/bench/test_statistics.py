"""Percentiles against values known by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report import milliseconds, percentile, ratio, summarize

SAMPLES = st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=50)


@pytest.mark.parametrize(
    ("samples", "share", "expected"),
    [
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0], 0.5, 1.5),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0, 2.0, 3.0, 4.0, 5.0], 0.95, 4.8),
        ([1.0, 2.0, 3.0], 0.0, 1.0),
        ([1.0, 2.0, 3.0], 1.0, 3.0),
    ],
)
def test_a_percentile_lies_between_its_neighbours(
    samples: list[float], share: float, expected: float
) -> None:
    assert percentile(samples, share) == pytest.approx(expected)


@given(SAMPLES, st.floats(min_value=0, max_value=1))
def test_a_percentile_is_within_the_samples_whatever_their_order(samples: list[float], share: float) -> None:
    value = percentile(samples, share)

    assert min(samples) <= value <= max(samples)
    assert value == percentile(sorted(samples, reverse=True), share)


def test_a_summary_has_its_three_percentiles() -> None:
    summary = summarize([float(each) for each in range(1, 101)])

    assert summary.count == 100
    assert (summary.p50, summary.p95, summary.p99) == pytest.approx((50.5, 95.05, 99.01))


def test_there_is_no_percentile_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        percentile([], 0.5)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_between_0_and_1(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        percentile([1.0], share)


def test_a_ratio_says_how_many_times() -> None:
    assert ratio(3.0, 2.0) == 1.5


def test_there_is_no_ratio_to_nothing() -> None:
    with pytest.raises(ValueError, match="not 0"):
        ratio(1.0, 0)


def test_seconds_become_milliseconds() -> None:
    assert milliseconds([0.5, 2.0]) == [500.0, 2000.0]
