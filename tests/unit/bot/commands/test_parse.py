from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.parse import words_of
from core.errors import InvalidInput


def texts(typed: str) -> list[str]:
    return [word.text for word in words_of(typed)]


def test_words_are_separated_by_any_space() -> None:
    assert texts("  run\tdb-failover\u00a0cluster=orders\n") == ["run", "db-failover", "cluster=orders"]


@pytest.mark.parametrize(
    "quoted",
    [
        '"disk full"',
        "'disk full'",
        "“disk full”",
        "‘disk full’",
        "„disk full“",
        "”disk full”",
        "«disk full»",
        '“disk full"',
    ],
)
def test_quotes_of_every_keyboard_hold_a_value_together(quoted: str) -> None:
    assert texts(f"run x reason={quoted} a=b") == ["run", "x", "reason=disk full", "a=b"]
    assert texts(f"open {quoted}") == ["open", "disk full"]


def test_an_apostrophe_within_a_word_is_an_apostrophe() -> None:
    assert texts("incident open Orders can't and can’t connect") == [
        "incident", "open", "Orders", "can't", "and", "can’t", "connect",
    ]  # fmt: skip


def test_an_apostrophe_within_a_quoted_value_does_not_close_it() -> None:
    assert texts("reason='it can't connect' b=1") == ["reason=it can't connect", "b=1"]


def test_json_in_quotes_stays_json() -> None:
    assert texts("""ids='["a", "b"]'""") == ['ids=["a", "b"]']


def test_an_empty_value_may_be_quoted() -> None:
    assert texts('reason="" b=1') == ["reason=", "b=1"]


@pytest.mark.parametrize("typed", ['run "db-failover', 'reason="disk full', "reason=“disk full"])
def test_a_quote_that_never_closes_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput, match="never closed"):
        words_of(typed)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("who=<@U012AB|jane doe>", "who=U012AB"),
        ("<@U012AB>", "U012AB"),
        ("<#C012AB|general>", "C012AB"),
        ("<#C012AB|>", "C012AB"),
        ("<!subteam^S012AB|@dba>", "S012AB"),
        ("url=<https://x.example/a?b=1&amp;c=2>", "url=https://x.example/a?b=1&c=2"),
        ("host=<http://db1.example.com|db1.example.com>", "host=db1.example.com"),
        ("mail=<mailto:a@b.example|a@b.example>", "mail=a@b.example"),
        ("<https://x.example|click>", "https://x.example"),
        ("when=a&lt;b&amp;&amp;c&gt;d", "when=a<b&&c>d"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_slacks_escapes_become_what_was_meant(typed: str, word: str) -> None:
    assert texts(typed) == [word]


def test_an_em_dash_before_an_option_was_two_hyphens() -> None:
    assert texts("run x —dry-run") == ["run", "x", "--dry-run"]


def test_a_word_is_a_key_and_value_unless_all_of_it_is_quoted() -> None:
    pairs = [word.key_value for word in words_of('severity=high labels.a-b=c "CPU=100%" x =y 1=2 q="z=1"')]
    assert pairs == [("severity", "high"), ("labels.a-b", "c"), None, ("x", "y"), None, ("q", "z=1")]


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_and_nothing_else(typed: str) -> None:
    with suppress(InvalidInput):
        assert all(not word.text.isspace() or word.is_quoted for word in words_of(typed))


@given(st.lists(st.from_regex(r"\A[a-z0-9.,:/+-]([a-z0-9=.,:/+-]{0,8}[a-z0-9.,:/+-])?\Z"), max_size=8))
def test_plain_words_come_out_as_they_went_in(words: list[str]) -> None:
    assert texts(" ".join(words)) == words
