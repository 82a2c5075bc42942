"""The names of incidents' channels."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.poster.channels import LONGEST_NAME, MOST_NAMES, channel_name, names_to_try
from slack_sandbox.workspace.membership import name_refusal


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Orders DB down", "inc-12-orders-db-down"),
        ("  Zahlung: «kaputt»!  ", "inc-12-zahlung-kaputt"),
        ("Café crème", "inc-12-cafe-creme"),
        ("a--b__c", "inc-12-a-b-c"),
        ("停电", "inc-12"),
        ("", "inc-12"),
    ],
)
def test_a_channel_is_named_after_its_incident(title: str, name: str) -> None:
    assert channel_name(12, title) == name


def test_a_long_title_is_cut_without_a_hyphen_at_its_end() -> None:
    name = channel_name(12, "word " * 40)
    assert len(name) <= LONGEST_NAME
    assert re.fullmatch(r"inc-12(-word)+(-w|-wo|-wor)?", name)


@given(st.integers(1, 10**9), st.text(max_size=300))
def test_every_title_makes_a_name_that_slack_takes(number: int, title: str) -> None:
    for name in names_to_try(channel_name(number, title)):
        assert name_refusal(name) is None


def test_the_names_to_try_are_different_however_long_they_are() -> None:
    names = list(names_to_try(channel_name(1, "word " * 40)))
    assert len(set(names)) == MOST_NAMES
    assert max(map(len, names)) <= LONGEST_NAME


def test_the_second_name_says_that_it_is_the_second() -> None:
    assert list(names_to_try("inc-1-down"))[:3] == ["inc-1-down", "inc-1-down-2", "inc-1-down-3"]
