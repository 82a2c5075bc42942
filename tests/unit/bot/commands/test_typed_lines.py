"""Whole lines as people type them, on computers and on phones: what of them arrives."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.parse import LONGEST, first_word, free_text, title_and_values, words_of
from core.definitions.parameters import parse_key_values
from core.errors import InvalidInput

SCHEMA = {
    "properties": {
        "tags": {"type": "array", "items": {"type": "string"}},
        "opts": {"type": "object"},
        "text": {"type": "string"},
        "more": {"type": "string"},
        "any": {"type": ["array", "object", "string"]},
    }
}


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ('tags=["a", "b"]', {"tags": ["a", "b"]}),
        ('opts={"a": 1}', {"opts": {"a": 1}}),
        ("tags=[“a”, “b”]", {"tags": ["a", "b"]}),
        ("opts={“a”: 1, “b c”: [1, 2]}", {"opts": {"a": 1, "b c": [1, 2]}}),
        ("tags=[„a“, «b»]", {"tags": ["a", "b"]}),
        ("tags=['a', 'b c']", {"tags": ["a", "b c"]}),
        ("tags=[‘a’, ‘it’s b’]", {"tags": ["a", "it’s b"]}),
        ('tags=["it’s", "say “hi”"]', {"tags": ["it’s", "say “hi”"]}),
        ('tags=[“He said "no"”, “b”]', {"tags": ['He said "no"', "b"]}),
        ('tags=["a\\"b", "c]d", "e}f"]', {"tags": ['a"b', "c]d", "e}f"]}),
        ("tags=[“a\\”b”]", {"tags": ["a”b"]}),
        ('tags=[\u00a0"a",\u00a0"b" ]', {"tags": ["a", "b"]}),
        ("tags=[“a”,\n“b”\n]", {"tags": ["a", "b"]}),
        ("tags=[ ]", {"tags": []}),
        ('opts={"a": {"b": [ {"c": "} ]"} ]}}', {"opts": {"a": {"b": [{"c": "} ]"}]}}}),
        ('opts={"a": "x=1 y=2"} text=z', {"opts": {"a": "x=1 y=2"}, "text": "z"}),
        ('text=a tags=["a", "b"] more=b', {"text": "a", "tags": ["a", "b"], "more": "b"}),
        ('opts={"cmp": "a &lt; b &amp;&amp; c"}', {"opts": {"cmp": "a < b && c"}}),
        (
            'tags=["<@U012AB|jane doe>", "<http://db1.example|db1.example>"]',
            {"tags": ["U012AB", "db1.example"]},
        ),
        ('tags=\'["a", "b"]\'', {"tags": ["a", "b"]}),
        ('opts="{"a": 1}"', {"opts": {"a": 1}}),
        ("opts=“{“a”: 1}”", {"opts": {"a": 1}}),
        ("tags=a,b", {"tags": ["a", "b"]}),
        ('any={"a": [1, 2]}', {"any": {"a": [1, 2]}}),
        ("text=[a-z]+ more=x", {"text": "[a-z]+", "more": "x"}),
        ('text=[^"]* more="x y"', {"text": '[^"]*', "more": "x y"}),
        ("text=[unclosed more=x", {"text": "[unclosed", "more": "x"}),
        ("text={not json} more=x", {"text": "{not json}", "more": "x"}),
        ("text=[“kept”, as typed]", {"text": "[“kept”, as typed]"}),
        ('text="He said "no" twice" more=x', {"text": 'He said "no" twice', "more": "x"}),
        ('text="He said \\"no\\" twice"', {"text": 'He said "no" twice'}),
        ("text=“He said “don’t” now” more=x", {"text": "He said “don’t” now", "more": "x"}),
        ("text='rock 'n roll' more=x", {"text": "rock 'n roll", "more": "x"}),
        ('text="C:\\dir\\" more=x', {"text": "C:\\dir\\", "more": "x"}),
        ('text="two\nlines  here"', {"text": "two\nlines  here"}),
        ('text=5"', {"text": '5"'}),
        ("text=it’s more=can't", {"text": "it’s", "more": "can't"}),
    ],
)
def test_a_line_means_what_was_typed(typed: str, value: object) -> None:
    assert parse_key_values([word.text for word in words_of(typed)], SCHEMA) == value


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("tags=[“a”, b]", "tags must be a list"),
        ('opts=["a", "b"]', "opts must be a mapping"),
        ('opts={"a": 1', "opts must be a mapping"),
        ('text="never closed', "never closed"),
    ],
)
def test_what_is_none_is_refused_with_all_of_it(typed: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_key_values([word.text for word in words_of(typed)], SCHEMA)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("’twas fine", "’twas fine"),
        ('"unfinished', '"unfinished'),
        ("He said “don’t”", "He said “don’t”"),
        ('"all of it"', '"all of it"'),
        (" two  spaces\nand a line ", "two  spaces\nand a line"),
        ("severity=high is no key here", "severity=high is no key here"),
        ("—dry-run -- dashes", "—dry-run -- dashes"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("ask <@U012AB|jane> in <#C012AB|general>", "ask @jane in #general"),
        ("ask <@U012AB> or <!subteam^S012AB|@dba>", "ask U012AB or @dba"),
        ("see <https://x.example/a?b=1&amp;c=2>", "see https://x.example/a?b=1&c=2"),
        ("on <http://db1.example|db1.example>: 5' 3\"", "on db1.example: 5' 3\""),
        ("\\n is no `line` *break*", "\\n is no `line` *break*"),
    ],
)
def test_a_text_is_kept_as_it_was_typed(typed: str, text: str) -> None:
    assert free_text(typed) == text


@pytest.mark.parametrize(
    ("typed", "title", "values"),
    [
        ('The "orders" DB is down severity=high', 'The "orders" DB is down', {"severity": "high"}),
        ("’twas fine severity=high", "’twas fine", {"severity": "high"}),
        ("'tis bad severity=high as servers' disks died", "'tis bad as servers' disks died", {"severity": "high"}),
        ('"Orders DB is down" severity=high', "Orders DB is down", {"severity": "high"}),
        ("severity=high “Orders, 5=6” team=a", "Orders, 5=6", {"severity": "high", "team": "a"}),
        ('"unfinished severity=low', '"unfinished', {"severity": "low"}),
        ('He said "a=b" twice', 'He said "a=b" twice', {}),
        ("Orders don’t connect description=“It’s “dead”, they say”", "Orders don’t connect",
         {"description": "It’s “dead”, they say"}),
        ('Disks full tags=["a", "b"] on db1', "Disks full on db1", {"tags": '["a", "b"]'}),
        ("<@U012AB|jane doe> sees 5xx oncall=<@U012AB|jane doe>", "@jane doe sees 5xx", {"oncall": "U012AB"}),
        ("two  spaces  team=a", "two  spaces", {"team": "a"}),
        ("severity=high", "", {"severity": "high"}),
    ],
)  # fmt: skip
def test_a_title_is_kept_as_it_was_typed(typed: str, title: str, values: dict[str, str]) -> None:
    found, pairs = title_and_values(typed)
    assert (found, dict(pairs)) == (title, values)


@pytest.mark.parametrize(
    ("typed", "first", "rest"),
    [
        ("note ’twas fine", "note", " ’twas fine"),
        ("note\nfirst\nsecond", "note", "\nfirst\nsecond"),
        ('"note" "a', "note", ' "a'),
        ('"note', '"note', ""),
        ("  ", "", ""),
    ],
)
def test_the_first_word_leaves_the_rest_as_it_is(typed: str, first: str, rest: str) -> None:
    assert first_word(typed) == (first, rest)


@given(st.text(alphabet=" \n[]{}\"'“”‘’=abc\\,:<>&|@U", max_size=60))
def test_any_line_is_read_or_refused(typed: str) -> None:
    with suppress(InvalidInput):
        words_of(typed)
    with suppress(InvalidInput):
        title_and_values(typed)


@pytest.mark.parametrize(
    "piece", ["a=[ ", '"a ', "'a' ", 'a=["b ', '"a "b" ', "a={“ ", "a=[[[[ ", '\\" "', "a='x"]
)
@pytest.mark.timeout(60)  # each piece read by itself to the end of the line would take minutes
def test_no_line_keeps_the_others_waiting(piece: str) -> None:
    typed = piece * (LONGEST // len(piece))
    for read in (words_of, title_and_values, first_word):
        with suppress(InvalidInput):
            read(typed)


def test_a_line_that_no_message_could_be_is_refused() -> None:
    with pytest.raises(InvalidInput, match="too long"):
        words_of("a" * (LONGEST + 1))
