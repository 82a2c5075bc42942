"""Retries: how many, and at which intervals."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decisions.settling import retry_delay
from core.values.execution import StepPolicy

SECOND = timedelta(seconds=1)


def policy(attempts: int = 5, backoff: timedelta = SECOND, most: timedelta = 6 * SECOND) -> StepPolicy:
    return StepPolicy(repeatable=True, attempts=attempts, backoff=backoff, max_backoff=most)


def test_the_wait_doubles_up_to_its_limit_and_ends_with_the_attempts() -> None:
    delays = [retry_delay(policy(), attempt) for attempt in range(1, 6)]
    assert delays == [SECOND, 2 * SECOND, 4 * SECOND, 6 * SECOND, None]


@pytest.mark.parametrize("attempts", [1, 2, 10])
def test_what_is_not_repeatable_is_never_tried_again(attempts: int) -> None:
    assert retry_delay(StepPolicy(repeatable=False, attempts=attempts, backoff=SECOND), 1) is None


def test_without_backoff_the_next_attempt_is_at_once() -> None:
    assert retry_delay(policy(backoff=timedelta(0)), 1) == timedelta(0)


def test_a_step_that_made_no_attempt_yet_has_one_before_it() -> None:
    assert retry_delay(policy(), 0) == SECOND


@given(
    attempts=st.integers(1, 1000),
    attempt=st.integers(0, 1000),
    backoff=st.timedeltas(timedelta(0), 9 * SECOND),
)
def test_any_wait_is_between_nothing_and_the_limit(attempts: int, attempt: int, backoff: timedelta) -> None:
    delay = retry_delay(policy(attempts, backoff), attempt)
    assert (delay is None) == (attempt >= attempts)
    assert delay is None or timedelta(0) <= delay <= 6 * SECOND
