"""When people at a gate are prompted."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decisions.gate_times import GateTimes, Prompt, due_prompts, next_prompt, prompts
from tests.unit.core.decisions.building import NOW

HALF, LAST, ESCALATED = Prompt.HALF, Prompt.LAST, Prompt.ESCALATED


def gate(expires: float | None, escalates: float | None = None) -> GateTimes:
    """A gate with these minutes until its end and its escalation."""
    ends, goes_on = (
        NOW + timedelta(minutes=each) if each is not None else None for each in (expires, escalates)
    )
    return GateTimes(NOW, ends, goes_on)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (gate(None), []),
        (gate(5), []),
        (gate(6), [(3, HALF), (4, LAST)]),
        (gate(15), [(7.5, HALF), (13, LAST)]),
        (gate(60), [(30, HALF), (54, LAST)]),
        (gate(24 * 60), [(12 * 60, HALF), (24 * 60 - 30, LAST)]),
        (gate(60, 15), [(15, ESCALATED), (30, HALF), (54, LAST)]),
        (gate(None, 15), [(15, ESCALATED)]),
        (gate(3, 1), [(1, ESCALATED)]),
    ],
)
def test_half_time_shortly_before_the_end_and_when_it_escalates(
    times: GateTimes, expected: list[tuple[float, Prompt]]
) -> None:
    assert prompts(times) == [(at(minutes), prompt) for minutes, prompt in expected]


def test_each_prompt_is_due_once_however_often_the_clock_looks() -> None:
    times, since, given_at = gate(60, 15), next_prompt(gate(60, 15), NOW), []
    for minute in range(70):
        if since is not None and since <= at(minute):
            given_at += [(minute, prompt) for prompt in due_prompts(times, since, at(minute))]
            since = next_prompt(times, at(minute))
    assert given_at == [(15, ESCALATED), (30, HALF), (54, LAST)]


def test_a_clock_that_was_away_reminds_only_once_and_still_escalates() -> None:
    times = gate(60, 15)
    assert due_prompts(times, at(15), at(56)) == [ESCALATED, LAST]
    assert next_prompt(times, at(56)) is None


def test_nobody_is_prompted_at_an_expired_gate() -> None:
    assert due_prompts(gate(60, 15), at(15), at(60)) == []


@given(expires=st.floats(6, 10_000), escalates=st.none() | st.floats(0.1, 5))
def test_every_prompt_comes_while_there_is_time_to_decide(expires: float, escalates: float | None) -> None:
    times = gate(expires, escalates)
    assert times.expires_at is not None
    found = [moment for moment, _ in prompts(times)]
    assert found == sorted(found)
    assert all(times.opened_at < moment < times.expires_at for moment in found)
