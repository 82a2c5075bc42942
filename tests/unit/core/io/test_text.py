"""Text from outside: bounded, decoded, storable in PostgreSQL."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.io.text import DEEPEST, KEEP, Excerpt, readable, without_nul


def excerpt(*chunks: bytes, keep: int = KEEP) -> Excerpt:
    collected = Excerpt(keep)
    for chunk in chunks:
        collected.add(chunk)
    return collected


@given(st.binary(max_size=200))
def test_any_bytes_are_text_that_postgresql_takes(data: bytes) -> None:
    text = readable(data)
    assert "\0" not in text
    assert text.encode("utf-8").decode("utf-8") == text


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 100))
def test_what_is_short_enough_is_kept_whole_and_the_rest_is_bounded(chunks: list[bytes], keep: int) -> None:
    whole = b"".join(chunks)
    collected = excerpt(*chunks, keep=keep)
    assert collected.is_whole == (len(whole) <= 2 * keep)
    if collected.is_whole:
        assert collected.text() == readable(whole)
    else:
        assert len(collected.text()) <= 2 * keep + 60
        assert " bytes left out …\n" in collected.text()


def test_text_is_decoded_across_chunks() -> None:
    assert excerpt(b"caf\xc3", b"\xa9\n").text() == "café\n"


def test_head_and_tail_are_kept_and_a_line_says_what_is_missing() -> None:
    lines = [f"line {i}\n".encode() for i in range(10_000)]
    text = excerpt(*lines).text()
    assert text.startswith("line 0\nline 1\n")
    assert text.endswith("line 9998\nline 9999\n")
    assert "bytes left out" in text


def test_a_stream_of_a_gigabyte_takes_no_more_room_than_the_excerpt() -> None:
    chunk, collected = b"x" * 1_000_000, Excerpt()
    tracemalloc.start()
    for _ in range(1_000):
        collected.add(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
    assert len(collected.text()) < 2 * KEEP + 100


@pytest.mark.parametrize("offset", range(1, 20))
def test_a_word_that_the_gap_cuts_in_two_is_left_out(offset: int) -> None:
    secret = b"correct-horse-battery"
    at_the_heads_end = b"a " * 50 + secret + b" b" * 500
    at_the_tails_start = b"b " * 500 + secret + b" a" * 50
    for data in (at_the_heads_end, at_the_tails_start):
        text = excerpt(data, keep=100 + offset).text()
        assert "correct" not in text
        assert "battery" not in text


def test_a_word_that_the_end_cuts_in_two_is_left_out() -> None:
    collected = excerpt(b"token: correct-hor")
    collected.cut()
    assert collected.text() == "token: "
    assert not collected.is_whole


def test_json_without_what_postgresql_refuses() -> None:
    value = {"a\0": ["x\0y", "\ud800", {"deep": "\0"}], "n": 1.5, "none": None, "yes": True}
    assert without_nul(value) == {"a�": ["x�y", "?", {"deep": "�"}], "n": 1.5, "none": None, "yes": True}


def test_json_that_is_nested_for_ever_is_refused() -> None:
    value: list[object] = []
    for _ in range(DEEPEST + 1):
        value = [value]
    with pytest.raises(ValueError, match="levels deep"):
        without_nul(value)
