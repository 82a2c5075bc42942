"""The chain's hash covers the content, in any order of keys, and the previous hash."""

import hashlib

import pytest

from core.decisions.audit_chain import GENESIS, canonical_json, seal


def test_equal_values_have_one_text() -> None:
    assert canonical_json({"b": [1, {"ü": None}], "a": "x y"}) == '{"a":"x y","b":[1,{"ü":null}]}'
    assert canonical_json({"a": 1, "b": 2}) == canonical_json({"b": 2, "a": 1})


def test_a_seal_is_the_sha_256_of_content_and_previous_seal() -> None:
    text = '{"action":"x","previous":"' + GENESIS + '"}'

    assert seal({"action": "x"}, GENESIS) == hashlib.sha256(text.encode()).hexdigest()
    assert seal({"action": "x"}, "1" * 64) != seal({"action": "x"}, GENESIS)
    assert seal({"action": "y"}, GENESIS) != seal({"action": "x"}, GENESIS)


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))
