"""What phones make of what people type, and what they paste: it is read as it was meant."""

from contextlib import suppress

import pytest

from bot.commands.parse import title_and_values, words_of
from core.definitions.parameters import parse_key_values
from core.errors import InvalidInput

SCHEMA = {
    "properties": {
        "cluster": {"type": "string"},
        "reason": {"type": "string"},
        "count": {"type": "integer"},
        "hosts": {"type": "array", "items": {"type": "string"}},
        "owner": {"type": "string", "x-slack": "user"},
        "at": {"type": "string", "format": "time"},
    }
}


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        ("cluster = orders", {"cluster": "orders"}),
        ("cluster= orders", {"cluster": "orders"}),
        ("cluster =orders", {"cluster": "orders"}),
        ("cluster\u00a0=\u00a0orders count\u202f=\u202f3", {"cluster": "orders", "count": 3}),
        ("cluster =\norders\ncount\n= 3", {"cluster": "orders", "count": 3}),
        ("cluster=orders\r\nreason=“disk full”", {"cluster": "orders", "reason": "disk full"}),
        (
            "cluster = orders reason = “disk full” count = 2",
            {"cluster": "orders", "reason": "disk full", "count": 2},
        ),
        ("cluster＝orders", {"cluster": "orders"}),
        ("reason= cluster=orders", {"reason": "", "cluster": "orders"}),
        ("reason = cluster = orders", {"reason": "", "cluster": "orders"}),
        ("reason = ", {"reason": ""}),
        ('reason=“disk full"', {"reason": "disk full"}),
        ('reason="disk full”', {"reason": "disk full"}),
        ('reason=„disk full"', {"reason": "disk full"}),
        ("reason=‘disk full'", {"reason": "disk full"}),
        ("reason=’disk full‘", {"reason": "disk full"}),
        ("reason=»disk full«", {"reason": "disk full"}),
        ("reason=»disk full»", {"reason": "disk full"}),
        ("reason=«disk full»", {"reason": "disk full"}),
        ("reason=‹disk full›", {"reason": "disk full"}),
        ("reason=「disk full」", {"reason": "disk full"}),
        ("reason=″disk full″", {"reason": "disk full"}),
        ("reason=＂disk full＂", {"reason": "disk full"}),
        ("reason=`disk full` cluster=`orders`", {"reason": "disk full", "cluster": "orders"}),
        ('reason=“it’s the "orders" DB”', {"reason": 'it’s the "orders" DB'}),
        ("reason=“a = b” cluster=orders", {"reason": "a = b", "cluster": "orders"}),
        ("cluster=\u200borders\ufeff", {"cluster": "orders"}),
        ("\u200ecluster=orders\u200f", {"cluster": "orders"}),
        ("hosts = [“a”, “b c”] count = 1", {"hosts": ["a", "b c"], "count": 1}),
        ("hosts = a,b", {"hosts": ["a", "b"]}),
        ("cluster=a=b", {"cluster": "a=b"}),
        ("cluster = —none", {"cluster": "—none"}),
        ("owner = <@U0ALICE|alice>", {"owner": "U0ALICE"}),
        ("at = 14:30", {"at": "14:30:00Z"}),
        ("at=14:30:05Z", {"at": "14:30:05Z"}),
        ("reason=<https://db.example/x|https://db.example/x>", {"reason": "https://db.example/x"}),
    ],
)
def test_it_is_read_as_it_was_meant(typed: str, given: dict[str, object]) -> None:
    assert parse_key_values([word.text for word in words_of(typed)], SCHEMA) == given


@pytest.mark.parametrize("option", ["--dry-run", "—dry-run", "–dry-run"])
def test_an_option_has_two_hyphens_whatever_the_phone_made_of_them(option: str) -> None:
    assert words_of(f"db-failover {option}")[1].text == "--dry-run"


@pytest.mark.parametrize("typed", ["a == b", "= b", "a >= b", "1 = 2"])
def test_what_is_no_key_and_value_stays_words(typed: str) -> None:
    with pytest.raises(InvalidInput, match="is not a parameter"):
        parse_key_values([word.text for word in words_of(typed)], {"additionalProperties": True})


def test_an_equals_sign_with_spaces_in_a_title_is_text() -> None:
    """There, `ratio = 5` is what somebody says."""
    assert title_and_values("the ratio = 5 severity=high") == ("the ratio = 5", (("severity", "high"),))


def test_many_spaces_and_signs_are_read_in_linear_time() -> None:
    for typed in ("a " * 20_000, "a" + " " * 39_000 + "=", "a = " * 10_000, "= " * 20_000, "`" * 40_000):
        with suppress(InvalidInput):
            words_of(typed)
