from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slack_sandbox.values import next_ts, ts_microseconds, ts_text

MOMENTS = st.floats(min_value=0, max_value=1e10).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def test_a_ts_is_the_moment_in_seconds_with_six_decimals() -> None:
    assert next_ts(datetime(2025, 11, 23, 7, 13, 20, 100, tzinfo=UTC), "0.000000") == "1763882000.000100"


@given(st.lists(MOMENTS, min_size=2))
def test_each_ts_is_later_than_the_one_before_even_when_the_clock_is_not(moments: list[datetime]) -> None:
    last = "0.000000"
    for moment in moments:
        ts = next_ts(moment, last)
        assert ts_microseconds(ts) > ts_microseconds(last)
        last = ts


@given(st.integers(min_value=0, max_value=10**17))
def test_a_ts_reads_back_as_it_was_written(microseconds: int) -> None:
    assert ts_microseconds(ts_text(microseconds)) == microseconds


@pytest.mark.parametrize("text", ["", "yesterday", "NaN", "Infinity"])
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a Slack timestamp"):
        ts_microseconds(text)
