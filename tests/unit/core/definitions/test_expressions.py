"""Expressions: values, pitfalls of the library, and errors as sentences."""

import contextlib
import math
import time
from datetime import UTC, datetime, timedelta
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.definitions.cel.errors import ExpressionSyntaxError, ExpressionTypeError
from core.definitions.cel.expressions import LONGEST_SOURCE, compile_expression
from core.definitions.cel.tokens import Reference
from core.definitions.cel.values import LazyScope
from core.errors import ExpressionError

INCIDENT = {"severity": "critical", "title": "orders é😀", "labels": {"pager": "yes", "x-y": "1"}}
RESPONSE = {"status": 200, "json": {"seconds": 1.5, "count": 3, "items": [1, 2], "nothing": None}}
SCOPE = {"incident": INCIDENT, "response": RESPONSE}


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("incident.severity == 'critical' && response.json.seconds < 30", True),
        ("response.json.seconds < 30.5 && response.json.count < 3.5", True),
        ("response.json.seconds == 1.5", True),
        ("response.json.count == 3.0", True),
        ("has(response.json.seconds)", True),
        ("has(response.json.minutes)", False),
        ("has(response.json.minutes) && response.json.minutes > 3", False),
        ("response.json.nothing == null", True),
        ("response.json.nothing == 'x'", False),
        ("'x' in incident.labels", False),
        ("incident.title + '日本'", "orders é😀日本"),
        ("response.json", RESPONSE["json"]),
        ("double(response.json.count) + response.json.seconds", 4.5),
        ("[1, 2].map(x, x * 2)", [2, 4]),
        ("response.json.items.exists(x, x == 2)", True),
        ("{'a': [1u, true, null]}", {"a": [1, True, None]}),
        ("{1: 2, false: 3}", {"1": 2, "false": 3}),
        ("b'abc'", "abc"),
        ("timestamp('2026-01-02T03:04:05Z')", "2026-01-02T03:04:05Z"),
        ("duration('90m')", "5400s"),
        ("duration('1500ms')", "1.5s"),
        ("string(true) + string(1) + string(1.5)", "true11.5"),
        ("bool('true')", True),
        ("' A '.trim().lowerAscii()", "a"),
        ("'a,b'.split(',')", ["a", "b"]),
        ("['a', 'b'].join('-')", "a-b"),
        ("'aXa'.replace('a', 'b')", "bXb"),
        ("base64.encode('user:pw')", "dXNlcjpwdw=="),
        ("math.greatest(1, 2)", 2),
        ("optional.none()", None),
        ("optional.of(1)", 1),
        ("type(1) == int", True),
        ("incident.labels['x-y']", "1"),
        ("9223372036854775807", 2**63 - 1),
        ("'a\\u0000b'", "a\ufffdb"),
    ],
)
def test_an_expression_answers_plain_json(source: str, value: object) -> None:
    result = compile_expression(source).evaluate(SCOPE)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00Z"),
        (datetime(2026, 1, 2, 3), "2026-01-02T03:00:00Z"),  # noqa: DTZ001 - what a careless caller gives
        (timedelta(minutes=1), "60s"),
        (Colour.RED, "red"),
        ((1, 2), [1, 2]),
        (2**63, 2**63),
        (2**70, float(2**70)),
        (-(2**63), -(2**63)),
        ("a\ud800b", "a\ufffdb"),
        ({1: "a"}, {"1": "a"}),
    ],
)
def test_values_of_python_come_through(value: object, plain: object) -> None:
    assert compile_expression("value").evaluate({"value": value}) == plain


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("incident.sevrity", "there is no incident.sevrity"),
        ("response.json['minutes']", "there is no response.json.minutes"),
        ("incident.labels[incident.severity]", "there is no member 'critical'"),
        ("unknown.x", "uses unknown, which is not known here"),
        ("incidents.x", "Did you mean incident?"),
        ("lowrAscii('a')", "there is no function lowrAscii. Did you mean lowerAscii"),
        ("'a'.fooBar()", "there is no function fooBar"),
        ("1 / 0", "divides by zero"),
        ("1 % 0", "divides by zero"),
        ("1.0 / 0.0", "not a number"),
        ("0.0 / 0.0", "not a number"),
        ("9223372036854775807 + 1", "range of 64 bits"),
        ("int(1e30)", "range of 64 bits"),
        ("[1][3]", "no such item: its index is out of bounds: 3"),
        ("response.json.seconds + 1", "use int(x), double(x) or string(x)"),
        ("response.json.nothing > 3", "do not match the operation"),
        ("incident.severity > 3", "do not match the operation"),
        ("string([1])", "string: it does not accept these arguments"),
        ("'abc'.substring(9)", "substring: it does not accept these arguments"),
        ("int('x')", "int: "),
        ("'a'.matches('(')", "matches: "),
        ("b'\\xff'", "not UTF-8"),
        ("timestamp('yesterday')", "timestamp"),
        (
            "'a'.replace('', 'x').replace('x', '" + "y" * 3000 + "').replace('y', '" + "z" * 900 + "')",
            "longer than",
        ),
    ],
)
def test_what_goes_wrong_is_a_sentence_that_names_the_expression(source: str, sentence: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(source).evaluate(SCOPE)
    assert sentence in str(raised.value)
    assert f"`{source}`" in raised.value.message


@pytest.mark.parametrize(
    ("source", "offset", "sentence"),
    [
        ("", 0, "empty"),
        ("  ", 0, "empty"),
        ("1 +", 3, "ends too early"),
        ("a b", 2, "'b' is not expected here"),
        ("a == 1 and b", 7, "CEL writes && for and"),
        ("a or b", 2, "CEL writes || for or"),
        ("x = 1", 2, "CEL compares with =="),
        ("a\n+ + b", 4, "is not expected here"),
        ("'abc", 0, "is not expected here"),
        ("if", 0, "reserved"),
        ("9223372036854775808", 0, "invalid int literal"),
        ("(" * 200 + "1" + ")" * 200, 100, "recursion"),
        ("a?.b", 0, "it is incomplete. CEL writes has(…) for ?."),
    ],
)
def test_what_is_no_cel_is_refused_where_it_stands(source: str, offset: int, sentence: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(source)
    assert sentence.lower() in str(raised.value).lower()
    if source.strip():
        assert isinstance(raised.value, ExpressionSyntaxError)
        assert raised.value.offset <= len(source)
        if offset < 100:
            assert raised.value.offset == offset


def test_a_condition_must_be_true_or_false() -> None:
    assert compile_expression("1 < 2").is_true({}) is True
    with pytest.raises(ExpressionTypeError, match="this is text"):
        compile_expression("incident.severity").is_true(SCOPE)


def test_the_value_of_a_condition_that_is_none_is_not_told() -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression("secret").is_true({"secret": "hunter2"})
    assert "hunter2" not in str(raised.value)


def test_names_and_paths_are_told() -> None:
    expression = compile_expression("incident.severity == 'a' && steps.x.saved.y > 1 && type(1) == int")
    assert expression.names == {"incident", "steps"}
    assert expression.paths == {"incident.severity", "steps.x.saved.y"}


def test_a_source_is_compiled_once() -> None:
    assert compile_expression("1 + 1") is compile_expression("1 + 1")


def test_a_source_beyond_the_limit_is_refused() -> None:
    compile_expression("'" + "a" * (LONGEST_SOURCE - 2) + "'")
    with pytest.raises(ExpressionError, match=f"{LONGEST_SOURCE} characters"):
        compile_expression("'" + "a" * LONGEST_SOURCE + "'")


def test_a_value_nested_too_deep_is_refused_before_the_library_overflows_the_stack() -> None:
    value: dict[str, object] = {}
    for _ in range(150):
        value = {"a": value}
    with pytest.raises(ExpressionError, match="nested deeper than 100"):
        compile_expression("value.a").evaluate({"value": value})


@pytest.mark.parametrize(
    ("source", "items"),
    [("x.map(a, a)", 2_000), ("x.filter(a, true)", 100_000), ("x.all(a, x.all(b, x.all(c, true)))", 200)],
)
def test_a_loop_that_would_take_too_long_is_refused_at_once(source: str, items: int) -> None:
    started = time.monotonic()
    with pytest.raises(ExpressionError, match="too long"):
        compile_expression(source).evaluate({"x": list(range(items))})
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(("source", "items"), [("x.map(a, a)", 500), ("x.exists(a, a == -1)", 10_000)])
def test_a_reasonable_loop_runs(source: str, items: int) -> None:
    compile_expression(source).evaluate({"x": list(range(items))})


def test_a_value_that_is_no_json_is_refused() -> None:
    with pytest.raises(ExpressionError, match="x: A value of type object cannot be used"):
        compile_expression("x").evaluate({"x": object()})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("incident.labels.region == 'eu'", False),
        ("incident.labels['region']", ""),
        ("incident.labels.pager", "yes"),
        ("has(incident.labels.region)", False),
        ("has(incident.labels.region) && incident.labels.region == ''", False),
        ("has(incident.labels.pager)", True),
    ],
)
def test_a_label_that_an_incident_lacks_reads_as_empty_text(source: str, value: object) -> None:
    scope = {"incident": {"labels": {"pager": "yes"}}}
    assert compile_expression(source).evaluate(scope) == value
    assert scope == {"incident": {"labels": {"pager": "yes"}}}


def test_a_lazy_value_is_asked_for_what_is_named_only() -> None:
    class Lazy(LazyScope):
        def __init__(self) -> None:
            self.asked: list[str] = []

        def resolve(self, asked: tuple[Reference, ...]) -> dict[str, object]:
            self.asked += [reference.path for reference in asked]
            return {"A": "1"}

    lazy = Lazy()
    assert compile_expression("lazy.A + other").evaluate({"lazy": lazy, "other": "2"}) == "12"
    assert compile_expression("other").evaluate({"lazy": lazy, "other": "2"}) == "2"
    assert lazy.asked == ["lazy.A"]


SIGNS = st.sampled_from(
    [*"abx.()[]{}'\"\\1290+-*/%!&|=<>?:, \n\té😀", "in ", "true", "null", ".map(", "has("]
)


@given(st.lists(SIGNS, max_size=25).map("".join))
def test_any_text_is_an_expression_or_an_expression_error(source: str) -> None:
    with contextlib.suppress(ExpressionError):
        compile_expression(source).evaluate({"a": {"b": [1, 2.5, None]}, "b": "x", "x": 1})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_json_comes_through_unchanged_but_for_what_postgresql_refuses(value: object) -> None:
    result = compile_expression("value").evaluate({"value": value})
    assert result == _without_nul(value)


def _without_nul(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {str(_without_nul(key)): _without_nul(item) for key, item in value.items()}
    return 0.0 if isinstance(value, float) and math.isclose(value, 0, abs_tol=0) else value


def test_a_mapping_comes_out_in_one_order_each_time() -> None:
    scope = {"params": {name: {"b": 1, "a": 2} for name in "hgfedcba"}}
    written = {str(compile_expression("params").evaluate(scope)) for _ in range(20)}
    assert len(written) == 1
