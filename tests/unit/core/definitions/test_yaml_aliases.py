"""Anchors, aliases and merge keys: what they stand for, where mistakes in it are, and that it is bounded."""

import contextlib

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.definitions.documents import OF_REQUESTS, Bounds, Document
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition
from core.definitions.sources import DEEPEST, MOST_MERGES, load_documents
from core.definitions.validate import validate_text
from core.errors import DefinitionError


def only(text: str, bounds: Bounds = OF_REQUESTS) -> Document:
    (document,) = load_documents(text, file="f.yaml", bounds=bounds)
    return document


def refused(text: str, bounds: Bounds = OF_REQUESTS) -> str:
    with pytest.raises(DefinitionError) as raised:
        load_documents(text, file="f.yaml", bounds=bounds)
    (problem,) = raised.value.problems
    assert isinstance(problem, Problem)
    return str(problem)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: &x 1\nb: *x", {"a": 1, "b": 1}),
        ("a: &x [1, {c: 2}]\nb: [*x, *x]", {"a": [1, {"c": 2}], "b": [[1, {"c": 2}]] * 2}),
        ("a: &x {b: &y 1}\nc: [*x, *y]", {"a": {"b": 1}, "c": [{"b": 1}, 1]}),
        ("a: &x [1]\nb: &y [*x]\nc: *y", {"a": [1], "b": [[1]], "c": [[1]]}),
        ("&k a: 1\nb: *k", {"a": 1, "b": "a"}),
        ("a: &x b\n*x : 1", {"a": "b", "b": 1}),
        ("a: &x\nb: *x", {"a": None, "b": None}),
        ('a: &x "1"\nb: *x', {"a": "1", "b": "1"}),
        ("&top\na: 1", {"a": 1}),
    ],
)
def test_an_alias_stands_for_its_value(text: str, data: object) -> None:
    assert only(text).data == data


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"p": 1, "q": 3}),
        ("a: &x {p: 1, q: 2}\nb: {q: 3, <<: *x}", {"q": 3, "p": 1}),
        ("a: [&x {p: 1, q: 2}, &y {q: 3, r: 4}]\nb: {<<: [*x, *y]}", {"p": 1, "q": 2, "r": 4}),
        ("a: [&x {p: 1}, &y {<<: *x, q: 2}]\nb: {<<: *y, r: 3}", {"p": 1, "q": 2, "r": 3}),
        ("a: [&x {p: 1, q: 1}, &y {q: 2, <<: *x}]\nb: {<<: *y, p: 3}", {"q": 2, "p": 3}),
        ("b: {<<: {p: 1}, q: 2}", {"p": 1, "q": 2}),
        ("b: {<<: [], q: 2}", {"q": 2}),
        ("a: &x {p: {deep: 1}}\nb: {<<: *x, p: {other: 2}}", {"p": {"other": 2}}),
        ("b: {'<<': 1}", {"<<": 1}),
    ],
)
def test_a_merge_key_adds_what_the_mapping_does_not_have(text: str, merged: dict[str, object]) -> None:
    found = only(text).data["b"]
    assert found == merged


def test_merged_keys_are_in_the_place_of_the_merge_key() -> None:
    data = only("a: &x {p: 1, q: 2}\nb: {first: 0, <<: *x, last: 3}").data["b"]
    assert isinstance(data, dict)
    assert list(data) == ["first", "p", "q", "last"]


def test_values_are_not_shared() -> None:
    data = only("a: &x [1]\nb: *x\nc: {<<: {d: *x}}").data
    assert isinstance(data["a"], list)
    data["a"].append(2)
    assert (data["b"], data["c"]) == ([1], {"d": [1]})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: *x", "f.yaml:1:4: There is no anchor &x before this alias. Write &x before the value"),
        ("a: &base 1\nb: *bse", "f.yaml:2:4: There is no anchor &bse before this alias. Did you mean *base?"),
        ("a: *x\nb: &x 1", "f.yaml:1:4: There is no anchor &x before this alias."),
        ("a: &x 1\n---\nb: *x", "f.yaml:3:4: There is no anchor &x before this alias."),
        ("a: &x [1, *x]", "f.yaml:1:11: *x is inside of &x, so it would never end. Write the value out."),
        ("a: &x {<<: *x}", "f.yaml:1:12: *x is inside of &x, so it would never end."),
        ("&x a: *x\nb: &x 1", "f.yaml:2:4: There is already an anchor &x, on line 1. Rename one."),
        ("a: &x\n  - &x 1", "f.yaml:2:5: There is already an anchor &x, on line 1."),
        ("a: &x [1]\n*x : 2", "f.yaml:1:4: A key must be text; this one is a list or mapping."),
        (
            "a: {<<: 5}",
            "f.yaml:1:9: << merges a mapping, and this is none. Write <<: *name, or <<: [*one, *another].",
        ),
        ("a: &x [{b: 1}, 2]\nb: {<<: *x}", "f.yaml:1:16: << merges mappings, and this is none."),
        ("a: &x {b: 1}\nb: {<<: *x, <<: *x}", "f.yaml:2:13: The key '<<' appears twice, first on line 2."),
        ("a: &x {b: 1}\nb: {<<: *x, c: 1, c: 2}", "f.yaml:2:19: The key 'c' appears twice, first on line 2."),
        ("b: {<<: {c: 1, c: 2}, c: 3}", "f.yaml:1:16: The key 'c' appears twice, first on line 1."),
        ("a: &x !!str 1", "f.yaml:1:4: The tag tag:yaml.org,2002:str is not allowed."),
    ],
)
def test_what_is_not_allowed_is_refused_where_it_stands(text: str, problem: str) -> None:
    assert refused(text).startswith(problem)


def test_the_places_are_those_of_the_text_that_was_written() -> None:
    document = only("a: &x\n  b: '{{ c }}'\nd: *x\ne:\n  <<: *x\n  f: 1\n")
    for path in (("a", "b"), ("d", "b"), ("e", "b")):
        assert document.position(path) == (2, 6)
        assert document.position(path, key=True) == (2, 3)
        assert document.locate(path, "c", 0) == (2, 10)
    assert document.position(("e", "f")) == (6, 6)
    assert document.position(("d",), key=True) == (3, 1)


RUNBOOK = """\
kind: runbook
name: r
steps:
  - &call
    id: one
    type: http
    url: https://x.example
    retry: &retry {safe: true, attempts: 0}
  - {<<: *call, id: two}
  - {id: three, type: http, url: https://y.example, retry: *retry, timout: 1s}
"""


def test_a_mistake_in_what_is_used_often_is_told_once_at_its_place() -> None:
    problems = [str(problem) for problem in validate_text(RUNBOOK, "f")[1]]
    assert problems == [
        "f:8:42: attempts must be at least 1; you wrote 0.",
        "f:10:68: There is no field timout here. Did you mean timeout?",
    ]
    fixed = RUNBOOK.replace("attempts: 0", "attempts: 2").replace("timout", "timeout")
    [definition], wrong = validate_text(fixed, "f")
    assert wrong == []
    assert isinstance(definition, RunbookDefinition)
    document = definition.document()
    assert [step["retry"]["attempts"] for step in document["steps"]] == [2, 2, 2]
    assert document["steps"][1] == {**document["steps"][0], "id": "two"}


def laughs(lines: int, times: int = 10) -> str:
    """A billion laughs: each line stands for the one before it, several times."""
    text = ["a0: &a0 [ha]"]
    text += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * times)}]" for n in range(1, lines)]
    return "\n".join(text)


def test_a_billion_laughs_are_refused_at_the_alias_that_goes_too_far() -> None:
    assert refused(laughs(40)) == (
        "f.yaml:5:25: With *a3, there are more than 10000 values and keys. "
        "An alias counts as what it stands for: use fewer, or split the document."
    )
    assert only(laughs(4)).data


def test_a_long_text_may_not_be_repeated_beyond_the_bound_either() -> None:
    text = f"a: &a {'x' * 100_000}\nb: [*a, *a, *a]"
    assert refused(text) == (
        "f.yaml:2:9: With *a, this is larger than 262144 characters. "
        "An alias counts as what it stands for: use fewer, or split the document."
    )
    assert only(text.replace(", *a, *a", "")).data


def test_repeated_merges_are_bounded_too() -> None:
    text = "a: &a {" + ", ".join(f"k{n}: 1" for n in range(900)) + "}\nb: {<<: [" + "*a, " * 20 + "]}"
    assert "With *a, there are more than 10000 values and keys." in refused(text)


def test_merges_within_merges_are_bounded() -> None:
    def chain(length: int) -> str:
        lines = ["a0: &a0 {k: 1}", *(f"a{n}: &a{n} {{<<: *a{n - 1}}}" for n in range(1, length + 1))]
        return "\n".join(lines)

    assert only(chain(MOST_MERGES)).data[f"a{MOST_MERGES}"] == {"k": 1}
    assert refused(chain(MOST_MERGES + 1)).endswith(
        f"Here are more than {MOST_MERGES} merges within each other. Write <<: *name, or <<: [*one, *another]."
    )
    assert refused(chain(3_000))
    assert refused("a: " + "{<<: " * 9_000 + "{}" + "}" * 9_000)


def test_depth_is_bounded_through_aliases_too() -> None:
    lines = ["a0: &a0 [1]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, DEEPEST + 2))]
    assert f"nested deeper than {DEEPEST} levels" in refused("\n".join(lines))


NAMES = st.sampled_from("abcd")
SCALARS = st.sampled_from(["x", "yy", "some text"])


@st.composite
def with_aliases(draw: st.DrawFn) -> str:
    """A document in flow style with anchors, aliases and merges that are all right."""
    known: list[str] = []
    mappings: list[str] = []

    def value(depth: int) -> str:
        kind = (
            draw(st.sampled_from(["scalar", "list", "mapping", "alias", "anchor"])) if depth < 4 else "scalar"
        )
        if kind == "alias" and known:
            return f"*{draw(st.sampled_from(known))} "
        if kind == "list":
            return f"[{', '.join(value(depth + 1) for _ in range(draw(st.integers(0, 3))))}]"
        if kind == "mapping":
            return mapping(depth)
        if kind == "anchor":
            name = f"n{draw(st.integers(0, 10**9))}"
            is_mapping = draw(st.booleans())
            inner = mapping(depth) if is_mapping else draw(SCALARS)
            if name in known:
                return inner
            known.append(name)
            if is_mapping:
                mappings.append(name)
            return f"&{name} {inner}"
        return draw(SCALARS)

    def mapping(depth: int) -> str:
        keys = draw(st.lists(NAMES, unique=True, max_size=4))
        parts = [f"{key}: {value(depth + 1)}" for key in keys]
        chosen = draw(st.lists(st.sampled_from(mappings), max_size=3)) if mappings else []
        if chosen:
            merged = ", ".join(f"*{name} " for name in chosen)
            parts.insert(draw(st.integers(0, len(parts))), f"<<: [{merged}]")
        return f"{{{', '.join(parts)}}}"

    return "\n".join(f"k{number}: {value(0)}" for number in range(draw(st.integers(1, 6))))


@settings(deadline=None)
@given(with_aliases())
def test_it_is_read_as_pyyaml_reads_it(text: str) -> None:
    with contextlib.suppress(
        DefinitionError
    ):  # merges that are too deep, and an anchor before its alias in the text
        assert only(text).data == yaml.safe_load(text)


@given(st.text(alphabet="ab:-[]{}'\"&*<!|># \n,?1", max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    with contextlib.suppress(DefinitionError):
        load_documents(text, file="f", bounds=OF_REQUESTS)
