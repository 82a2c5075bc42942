"""Templates: substituted once, typed when alone, never parsed again."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.definitions.templates import (
    FoundExpression,
    UnclosedTemplate,
    find_expressions,
    placeholders,
    render,
    render_text,
)
from core.errors import ExpressionError

SCOPE = {"n": 3, "f": 1.5, "t": "text", "b": True, "none": None, "l": [1, "é"], "m": {"a": {"b": "c"}}}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{{ n }}", 3),
        ("  {{n}}\n", 3),
        ("{{ f }}", 1.5),
        ("{{ b }}", True),
        ("{{ none }}", None),
        ("{{ l }}", [1, "é"]),
        ("{{ m }}", {"a": {"b": "c"}}),
        ("a{{ n }}b", "a3b"),
        ("{{ n }}{{ t }}", "3text"),
        ("{{ b }} {{ none }}.", "true ."),
        ("x{{ l }}", 'x[1, "é"]'),
        ('x{{ {"a": {"b": n}} }}', 'x{"a": {"b": 3}}'),
        ("{{ {'a': {'b': n}}.a.b }}", 3),
        ("{{ '}}' }}!", "}}!"),
        ("{{ \"}}\" + '{{' }}", "}}{{"),
        ('{{ "{{" }} n }}', "{{ n }}"),
        ("{{ r'\\}}' }}", "\\}}"),
        ("}} {{ n }}", "}} 3"),
        ("{ {n} }", "{ {n} }"),
        ("{{ m.a\n.b }}", "c"),
        ("{{{'a': 1}}}", {"a": 1}),
    ],
)
def test_a_text_is_rendered(template: str, value: object) -> None:
    assert render(template, SCOPE) == value


def test_nested_values_are_rendered_and_keys_are_not() -> None:
    value = {"{{ n }}": ["{{ n }}", {"x": "a {{ t }}"}], "y": (None, 1, 1.5, True)}
    assert render(value, SCOPE) == {"{{ n }}": [3, {"x": "a text"}], "y": [None, 1, 1.5, True]}


@pytest.mark.parametrize(
    ("template", "text"), [("{{ n }}", "3"), ("{{ none }}", ""), ("{{ b }}", "true"), ("{{ t }}", "text")]
)
def test_a_text_can_be_asked_for(template: str, text: str) -> None:
    assert render_text(template, SCOPE) == text


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("a {{ n", "has no matching"),
        ("{{ '}}'", "has no matching"),
        ("{{ {'a': 1 }}", "has no matching"),
        ("{{ nn }}", "steps.0.url: `nn` uses nn, which is not known here."),
        ("{{ m.x }}", "steps.0.url: `m.x` cannot be evaluated: there is no m.x."),
        ("{{ }}", "steps.0.url: The expression is empty."),
        ("{{ a b }}", "steps.0.url: `a b` is not a valid CEL expression"),
    ],
)
def test_what_goes_wrong_names_the_place(template: str, sentence: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        render({"steps": [{"url": template}]}, SCOPE)
    assert sentence in raised.value.message
    assert raised.value.field == "steps.0.url"


def test_a_result_beyond_a_million_characters_is_refused() -> None:
    with pytest.raises(ExpressionError, match="more than 1000000"):
        render("{{ x }}{{ x }}", {"x": "a" * 600_000})


def test_an_unclosed_template_says_where_it_starts() -> None:
    with pytest.raises(UnclosedTemplate) as raised:
        placeholders("{{ n }} and {{ n")
    assert raised.value.offset == 12


def test_every_expression_is_found_with_its_place() -> None:
    found = find_expressions({"a": ["x {{ n }}", {"b": "{{  t}}"}], "c": 1, "{{ key }}": "no"})
    assert found == [FoundExpression(("a", 0), "n", 5), FoundExpression(("a", 1, "b"), "t", 4)]


@given(st.text(alphabet="{}'\"n \\tx$", max_size=30))
def test_what_a_value_brings_is_never_read_again(value: str) -> None:
    assert render("a{{ x }}b{{ x }}", {"x": value, "n": 1}) == f"a{value}b{value}"
    assert render("{{ x }}", {"x": value, "n": 1}) == value


@given(st.text(alphabet="{}'\"n \\é\n", max_size=30))
def test_any_text_is_rendered_or_refused_with_a_sentence(template: str) -> None:
    with contextlib.suppress(ExpressionError):
        render(template, {"n": 1})


@given(st.text(alphabet="{}ab '\"\\", max_size=20))
def test_any_text_can_be_written_as_a_cel_literal_in_a_template(text: str) -> None:
    assert render_text("<{{ " + json.dumps(text) + " }}>", {}) == f"<{text}>"
