"""Heads of the audit trail: signed, parsed, and compared."""

import json
from datetime import UTC, datetime

import pytest

from core.decisions.audit_chain import Head, fault, read_heads, signed
from core.errors import InvalidInput

HEAD = Head(412, "a" * 64, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
SECRET = "the signing secret"


def line(**changes: object) -> str:
    return json.dumps({**signed(HEAD, SECRET), **changes})


def test_a_signed_head_is_read_again() -> None:
    assert read_heads([line(), "", line()], SECRET) == [HEAD, HEAD]


@pytest.mark.parametrize(
    "changes", [{"position": 411}, {"hash": "b" * 64}, {"time": "2026-01-02T03:04:06+00:00"}]
)
def test_a_changed_head_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="line 2 is not signed"):
        read_heads([line(), line(**changes)], SECRET)


def test_a_head_needs_the_secret_it_was_signed_with() -> None:
    for secret in ("another", ""):
        with pytest.raises(InvalidInput, match="not signed"):
            read_heads([line()], secret)
    assert "signature" not in signed(HEAD, "")


@pytest.mark.parametrize("text", ["x", "{}", "[1]", "1", '{"position": "x", "hash": "", "time": ""}'])
def test_what_is_no_head_is_said(text: str) -> None:
    with pytest.raises(InvalidInput, match="Line 1 is not a head"):
        read_heads([text], SECRET)


def test_a_chain_has_the_head_or_its_end_was_cut_off_or_it_was_made_anew() -> None:
    assert fault(HEAD, HEAD.hash, 500) is None
    assert fault(HEAD, None, 400) == (
        "The head of 2026-01-02 03:04:05 UTC was at position 412, but the chain ends at 400: its end was cut off."
    )
    assert "rewritten" in str(fault(HEAD, "b" * 64, 500))
