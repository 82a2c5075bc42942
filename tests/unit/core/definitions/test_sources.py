"""Reading documents: how YAML is interpreted, positions, and what is rejected."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.definitions.documents import OF_FILES, Document
from core.definitions.problems import Problem
from core.definitions.sources import DEEPEST, load_documents
from core.errors import DefinitionError


def only(text: str) -> Document:
    (document,) = load_documents(text, file="f.yaml")
    return document


def refused(text: str) -> Problem:
    with pytest.raises(DefinitionError) as raised:
        load_documents(text, file="f.yaml")
    (problem,) = raised.value.problems
    assert isinstance(problem, Problem)
    return problem


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("12", 12),
        ("-12", -12),
        ("012", 12),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("0b11", "0b11"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("'12'", "12"),
        ('"true"', "true"),
        ("1.2.3", "1.2.3"),
        ("=", "="),
        ("<<", "<<"),
        ("|\n  12\n", "12\n"),
        (">-\n  a\n  b", "a b"),
    ],
)
def test_scalars_are_those_of_the_core_schema(scalar: str, value: object) -> None:
    data = only(f"a: {scalar}\n").data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


def test_keys_are_always_text() -> None:
    assert only("on: 1\nyes: 2\nno: 3\n'1': 4\n'<<': 5\n").data == {
        "on": 1,
        "yes": 2,
        "no": 3,
        "1": 4,
        "<<": 5,
    }


def test_a_file_may_hold_several_documents_and_empty_ones_do_not_count() -> None:
    documents = load_documents("---\n# nothing\n---\na: 1\n---\nb: 2\n...\n---\n", file="f")
    assert [document.data for document in documents] == [{"a": 1}, {"b": 2}]
    assert [document.position(()) for document in documents] == [(4, 1), (6, 1)]


def test_json_is_read_too_with_its_own_escapes() -> None:
    value = {"a": ["😀", 'é\n\t"\\', "\\ud83d\\ude00", 1, 1.5, True, None, {}], "b/c": {"d": []}}
    for indent in (None, 2, "\t"):
        assert only(json.dumps(value, indent=indent)).data == value
    assert only(json.dumps(value).replace("/", "\\/")).data == value


def test_a_byte_order_mark_does_not_matter() -> None:
    assert only("\ufeffa: 1").data == {"a": 1}


TEXT = """\
kind: runbook
steps:
  - id: one
    url: "é {{ params.x }}"
    save: {a: b, c: [d, e]}
  - id: two
    text: |
      first
      {{ params.y }}
"""


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        ((), False, (1, 1)),
        (("kind",), False, (1, 7)),
        (("kind",), True, (1, 1)),
        (("steps",), False, (3, 3)),
        (("steps", 0), False, (3, 5)),
        (("steps", 0, "id"), False, (3, 9)),
        (("steps", 0, "save", "c", 1), False, (5, 25)),
        (("steps", 0, "save", "c"), True, (5, 18)),
        (("steps", 1, "text"), False, (7, 11)),
        (("steps", 1, "missing", "deeper"), False, (6, 5)),
        (("steps", 7), True, (3, 3)),
        (("nothing",), False, (1, 1)),
    ],
)
def test_everything_has_its_position(path: tuple[str | int, ...], key: bool, place: tuple[int, int]) -> None:
    assert only(TEXT).position(path, key=key) == place


@pytest.mark.parametrize(
    ("path", "fragment", "place"),
    [
        (("steps", 0, "url"), "params.x", (4, 16)),
        (("steps", 1, "text"), "params.y", (9, 10)),
        (("steps", 1, "text"), "not there", (7, 11)),
        (("steps", 5, "text"), "params.y", (3, 3)),
    ],
)
def test_a_part_of_a_text_has_its_position(
    path: tuple[str | int, ...], fragment: str, place: tuple[int, int]
) -> None:
    assert only(TEXT).locate(path, fragment) == place


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("a: 1\nb: *x", (2, 4), "no anchor &x before this alias"),
        ("a: 1\n*x : 2", (2, 1), "no anchor &x before this alias"),
        ("a: !!python/object:os.system 1", (1, 4), "tag"),
        ("a: !!str 1", (1, 4), "tag"),
        ("a: !!set {b}", (1, 4), "tag"),
        ("a: 1\nb:\n  c: 1\n  c: 2", (4, 3), "The key 'c' appears twice, first on line 3."),
        ('{"a": 1, "a": 2}', (1, 10), "appears twice"),
        ("1: 2", (1, 1), "A key must be text; this one is 1."),
        ("true: 2", (1, 1), "A key must be text"),
        ("~: 2", (1, 1), "A key must be text"),
        ("? [a]\n: 1", (1, 3), "A key must be text; this one is a list or mapping."),
        ("- a", (1, 1), "A document must be a mapping."),
        ("just text", (1, 1), "A document must be a mapping."),
        ("", (1, 1), "contains no document"),
        ("# only this\n---\n", (1, 1), "contains no document"),
        ("a: [1, 2", (1, 4), "the bracket that opens here is never closed"),
        ("a: b: c", (1, 5), "a key is not allowed here"),
        ("a:\n\tb: 1", (2, 1), "no value can start like this"),
        ("a: 'x", (1, 6), "a quote is not closed"),
        ("a: 'x\n", (1, 4), "the quote that opens here is never closed"),
        ("a: @x", (1, 4), "no value can start like this"),
        ("a: 1\nlock\n", (2, 1), "a key has no colon"),
        ("a: {{ x }}", (1, 5), "A text that starts with {{ needs quotes."),
        ("a: [{{ x }}]", (1, 6), "A text that starts with {{ needs quotes."),
        ("a: { {x: 1}: 2}", (1, 6), "A key must be text"),
        ("a: x\x01", (1, 5), "control character"),
        ('a: "\\0"', (1, 4), "U+0000"),
        ('a: "\\ud800"', (1, 7), "Unicode character"),
        ("a: x\ud800", (1, 5), "not valid Unicode"),
        ("a: 9223372036854775808", (1, 4), "64 bits"),
        ("a: " + "9" * 5000, (1, 4), "64 bits"),
        ("a: .inf", (1, 4), "be stored as a number"),
        ("a: .NaN", (1, 4), "be stored as a number"),
        ("a: 1e999", (1, 4), "too large"),
        ("%FOO\n---\na: 1", (1, 5), "directive"),
    ],
)
def test_what_is_not_allowed_is_refused_where_it_stands(
    text: str, place: tuple[int, int], sentence: str
) -> None:
    problem = refused(text)
    assert sentence in problem.message
    assert (problem.file, problem.line, problem.column) == ("f.yaml", *place)


def test_depth_is_bounded() -> None:
    depth = DEEPEST - 1
    assert only("a: " + "[" * depth + "]" * depth).data
    for text in ("a: " + "[" * 100_000, "a: " + "{a: " * 100_000, "- " * 100_000):
        assert "nested deeper than 64 levels" in refused(text).message


def test_size_is_bounded() -> None:
    assert "larger than" in refused("a: " + "x" * OF_FILES.size).message
    assert "larger than" in refused("a: " + "é" * (OF_FILES.size // 2)).message


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_any_json_mapping_is_read_as_json_reads_it_or_refused(value: dict[str, object]) -> None:
    text = json.dumps(value)
    if "\\u0000" in text:
        return
    assert only(text).data == value


@given(st.text(alphabet="ab:-[]{}'\"&*!|>#%@`\n \t,?~1", max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    with contextlib.suppress(DefinitionError):
        load_documents(text, file="f")
