"""Slack's events about channels, as they are read."""

import pytest

from bot.channel_events import bots_of, named


@pytest.mark.parametrize(
    ("channel", "read"),
    [
        ("C1", ("C1", "")),
        ({"id": "C1", "name": "inc-1", "created": 1}, ("C1", "inc-1")),
        (None, ("", "")),
        ({}, ("", "")),
    ],
)
def test_events_carry_an_id_or_an_object(channel: object, read: tuple[str, str]) -> None:
    assert named(channel) == read


def test_only_bots_of_the_authorizations_are_the_app() -> None:
    rows = [{"user_id": "U0APP", "is_bot": True}, {"user_id": "U0ANN", "is_bot": False}, "rubbish"]
    assert bots_of({"authorizations": rows}) == {"U0APP"}
    assert bots_of({"authorizations": "rubbish"}) == frozenset()
    assert bots_of({}) == frozenset()
