"""Durations: parsed, written, and formatted for people."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from core.definitions.durations import (
    LONGEST,
    Duration,
    PositiveDuration,
    SecondOrMore,
    format_duration,
    parse_duration,
    write_duration,
)
from core.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("250ms", timedelta(milliseconds=250)),
        ("1s", timedelta(seconds=1)),
        ("15m", timedelta(minutes=15)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2d12h5m3s7ms", timedelta(days=2, hours=12, minutes=5, seconds=3, milliseconds=7)),
        ("90m", timedelta(minutes=90)),
        ("0s", timedelta()),
        ("366d", LONGEST),
    ],
)
def test_a_duration_is_numbers_with_units(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "m",
        "15 m",
        "15 minutes",
        "-1s",
        "1.5h",
        "30m1h",
        "1h1h",
        "1M",
        "1S",
        "١s",
        "1s ",
        "367d",
        "999999999d",
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"is not a duration|is too long") as raised:
        parse_duration(text)
    assert repr(text) in raised.value.message


@given(st.timedeltas(min_value=timedelta(), max_value=LONGEST))
def test_what_is_written_is_read_back_to_the_millisecond(duration: timedelta) -> None:
    whole = duration // timedelta(milliseconds=1) * timedelta(milliseconds=1)
    assert parse_duration(write_duration(duration)) == whole


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "0 s"),
        (timedelta(milliseconds=350), "350 ms"),
        (timedelta(seconds=12, milliseconds=900), "12 s"),
        (timedelta(hours=1, minutes=30), "1 h 30 min"),
        (timedelta(days=2, hours=3, seconds=59), "2 d 3 h"),
        (timedelta(seconds=-90), "-1 min 30 s"),
        (timedelta(microseconds=3), "0 s"),
    ],
)
def test_people_read_durations_without_needless_detail(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


def test_a_model_reads_and_writes_the_same_text() -> None:
    adapter: TypeAdapter[timedelta] = TypeAdapter(Duration)
    assert adapter.validate_python("90m") == timedelta(minutes=90)
    assert adapter.dump_json(timedelta(minutes=90)) == b'"1h30m"'
    assert adapter.validate_python(timedelta(seconds=3)) == timedelta(seconds=3)


@pytest.mark.parametrize("value", [5, 1.5, True, None, [], "5"])
def test_a_model_refuses_what_has_no_unit(value: object) -> None:
    with pytest.raises(ValidationError, match="Write a number with its unit"):
        TypeAdapter(Duration).validate_python(value)


def test_nothing_is_no_timeout() -> None:
    with pytest.raises(ValidationError, match="at least 1ms"):
        TypeAdapter(PositiveDuration).validate_python("0s")


def test_a_delay_that_is_too_short_is_refused_in_words() -> None:
    with pytest.raises(ValidationError, match="must be at least 1s"):
        TypeAdapter(SecondOrMore).validate_python("100ms")
