"""JSON from others is checked before it is parsed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.definitions.json_text import DEEPEST, MOST_NODES, check_shape, read_json, unkeepable
from core.errors import InvalidInput

TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='ab"[{\\,'), inner),
    max_leaves=30,
)


@given(JSON)
def test_what_is_within_the_bounds_is_read_as_it_is(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize("text", [b'"[[[[', b'"' + b"[" * 500 + b'"', b'["' + b'\\"' * 99 + b'[" , 1]'])
def test_brackets_within_a_text_do_not_count(text: bytes) -> None:
    check_shape(text)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"[" * (DEEPEST + 1), "nested deeper"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "nested deeper"),
        (b"[" + b"1," * MOST_NODES + b"1]", "more than 50,000 values"),
        (b"[" + b"{}" * MOST_NODES + b"]", "more than 50,000 values"),
        (b"9" * 5_000, "too many digits"),
        (b"[NaN]", "0 is not a finite number"),
        (b'{"a": {"b": -1e999}}', "a.b is not a finite number"),
        (b"9223372036854775808", "does not fit into 64 bits"),
        (b'{"a\\u0000": 1}', "contains an invalid character"),
    ],
)
def test_what_is_refused(raw: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        read_json(raw)


@pytest.mark.parametrize("raw", [b'"' + b'\\"' * 400_000, b'"\\' * 400_000, b"9 " * 500_000, b'"' * 999_999])
def test_a_look_takes_time_in_proportion_whatever_it_looks_at(raw: bytes) -> None:
    """Each would take hours if an unclosed string were scanned again from each of its quotes."""
    check_shape(raw)


@pytest.mark.parametrize("raw", [b"", b"{", b"nul", b"\xff"])
def test_what_is_no_json_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_json(raw)


def test_the_place_is_told() -> None:
    assert [path for path, _ in unkeepable({"a": [1, {"b": 2**63}], "c": float("nan")})] == [
        ("c",),
        ("a", "1", "b"),
    ]
