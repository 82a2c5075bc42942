"""Which processes are alive, by their signs of life."""

from datetime import UTC, datetime, timedelta

import pytest

from core.decisions.signs import ALIVE, WITHOUT, Sign, presences

NOW = datetime(2026, 1, 5, 3, 12, tzinfo=UTC)


def said(*signs: Sign) -> dict[str, str]:
    return {each.kind: str(each) for each in presences(signs, NOW)}


def seen(kind: str, **ago: float) -> Sign:
    return Sign(kind, NOW - timedelta(**ago))


def test_of_each_kind_that_is_needed_it_is_said_how_many_there_are() -> None:
    found = said(
        seen("worker", seconds=3), seen("worker", seconds=8), seen("clock", seconds=0), seen("web", seconds=1)
    )

    assert list(found) == ["worker", "poster", "clock"]
    assert found["worker"] == "worker: 2 alive, the last sign of life 3 s ago"
    assert found["poster"] == f"poster: none alive, there was no sign of life: {WITHOUT['poster']}"


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=31), "31 s ago"),
        (timedelta(seconds=119), "119 s ago"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=2), "2 h ago"),
    ],
)
def test_who_was_not_heard_of_for_long_is_not_alive(ago: timedelta, words: str) -> None:
    found = said(Sign("poster", NOW - ago))["poster"]

    assert found == f"poster: none alive, the last sign of life was {words}: {WITHOUT['poster']}"


def test_two_signs_may_be_missed_and_one_from_the_future_counts() -> None:
    assert said(Sign("clock", NOW - ALIVE))["clock"].startswith("clock: 1 alive")
    assert said(seen("clock", seconds=-2))["clock"] == "clock: 1 alive, the last sign of life 0 s ago"
