"""Exported documents are read back unchanged, whatever they contain."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.definitions.sources import load_documents
from core.definitions.yaml_format import SEPARATOR, to_yaml

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters, max_size=30) | st.text(
    st.sampled_from("ab \n\t:#-'\"{}[]|>0.\r\u2028\x85"), max_size=12
)
scalars = (
    texts
    | st.booleans()
    | st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def read(text: str) -> dict[str, object]:
    [document] = load_documents(text, file="test.yaml")
    return document.data


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(texts, values, min_size=1, max_size=4))
def test_whatever_is_written_is_read_back_unchanged(document: dict[str, object]) -> None:
    found = read(to_yaml(document))

    assert repr(found) == repr(document)  # the order of keys and the types of numbers, too


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "on",
        "off",
        "null",
        "~",
        "",
        "1e5",
        "0o17",
        "0x1f",
        ".inf",
        ".nan",
        "1.",
        "+1",
        "2024-01-01",
        "<<",
    ],
)
def test_a_text_that_looks_like_something_else_stays_a_text(text: str) -> None:
    assert read(to_yaml({"key": text, "list": [text]})) == {"key": text, "list": [text]}


def test_what_people_wrote_reads_like_what_people_write() -> None:
    document = {
        "kind": "runbook",
        "trigger": {"on": "manual"},
        "steps": [{"id": "say", "text": "Done.\nGo home.\n"}, {"id": "url", "url": "{{ secrets.API }}/x é"}],
    }

    assert to_yaml(document) == (
        "kind: runbook\n"
        "trigger:\n"
        "  on: manual\n"
        "steps:\n"
        "  - id: say\n"
        "    text: |\n"
        "      Done.\n"
        "      Go home.\n"
        "  - id: url\n"
        "    url: '{{ secrets.API }}/x é'\n"
    )


def test_a_list_that_is_there_twice_is_written_twice() -> None:
    shared = ["a"]

    assert read(to_yaml({"one": shared, "two": shared})) == {"one": ["a"], "two": ["a"]}


def test_several_documents_are_one_text() -> None:
    text = SEPARATOR.join(map(to_yaml, ({"a": "b\n\n"}, {"c": "d"})))

    assert [document.data for document in load_documents(text, file="all.yaml")] == [
        {"a": "b\n\n"},
        {"c": "d"},
    ]
