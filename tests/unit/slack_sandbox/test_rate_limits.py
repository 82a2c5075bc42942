from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from slack_sandbox.rate_limits import POSTING, TIER_3, Bucket, Limit, RateLimits, take
from tests.unit.slack_sandbox.building import NOW


def test_a_burst_is_let_through_and_the_next_call_waits() -> None:
    limits = RateLimits()
    waits = [limits.retry_after("chat.postMessage", POSTING, "C1", NOW) for _ in range(6)]
    assert waits == [None] * 5 + [1]


def test_posting_in_one_channel_does_not_slow_down_another() -> None:
    limits = RateLimits()
    for _ in range(6):
        limits.retry_after("chat.postMessage", POSTING, "C1", NOW)
    assert limits.retry_after("chat.postMessage", POSTING, "C2", NOW) is None


def test_updates_count_together_over_all_channels() -> None:
    limits = RateLimits()
    waits = [limits.retry_after("chat.update", TIER_3, f"C{n}", NOW) for n in range(51)]
    assert waits[:50] == [None] * 50
    assert waits[50] == 2


def test_who_waits_as_told_is_let_through() -> None:
    bucket, wait = take(Bucket(0.0, NOW), TIER_3, NOW)
    assert wait is not None
    assert take(bucket, TIER_3, NOW + timedelta(seconds=wait))[1] is None


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=80))
def test_no_more_pass_than_the_burst_and_the_rate_allow(pauses: list[float]) -> None:
    limit, bucket, now, passed = Limit(per_minute=60, burst=5), None, NOW, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        bucket, wait = take(bucket, limit, now)
        passed += wait is None
    assert passed <= 5 + (now - NOW).total_seconds() + 1e-6


@given(st.lists(st.floats(min_value=1, max_value=30), max_size=50))
def test_who_keeps_the_published_rate_is_never_refused(pauses: list[float]) -> None:
    bucket, now = None, NOW
    for pause in pauses:
        now += timedelta(seconds=pause)
        bucket, wait = take(bucket, Limit(per_minute=60, burst=5), now)
        assert wait is None
