"""Parameters: validated against their schema, and parsed from words."""

import pytest

from core.definitions.parameters import check_parameters, parse_key_values
from core.errors import InvalidInput

SCHEMA: dict[str, object] = {
    "type": "object",
    "required": ["cluster"],
    "properties": {
        "cluster": {"type": "string", "enum": ["orders", "users"]},
        "reason": {"type": "string", "default": "", "maxLength": 20},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "ratio": {"type": "number"},
        "dry": {"type": "boolean"},
        "hosts": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "ports": {"type": "array", "items": {"type": "integer"}},
        "extra": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
        "either": {"type": ["integer", "string", "null"]},
        "level": {"enum": [1, 2, "high", None]},
        "day": {"type": "string", "format": "date"},
        "code": {"type": "string", "pattern": "^[A-Z]+$"},
        "named": {"$ref": "#/$defs/name"},
        "free": {},
    },
    "$defs": {"name": {"type": "integer", "default": 5}},
}


def test_defaults_are_filled_in_the_order_of_the_schema() -> None:
    assert list(check_parameters(SCHEMA, {"count": 3, "cluster": "orders"}).items()) == [
        ("cluster", "orders"),
        ("reason", ""),
        ("count", 3),
        ("named", 5),
    ]


def test_what_is_given_is_not_changed() -> None:
    given = {"cluster": "orders"}
    check_parameters(SCHEMA, given)
    assert given == {"cluster": "orders"}


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({}, "cluster", "cluster is missing."),
        ({"cluster": "order"}, "cluster", "cluster must be one of orders, users; you gave order."),
        ({"cluster": 3}, "cluster", "you gave 3."),
        (
            {"clutser": "orders", "cluster": "orders"},
            "clutser",
            "There is no parameter clutser. Did you mean cluster?",
        ),
        ({"cluster": "orders", "count": 0}, "count", "count must be at least 1; you gave 0."),
        ({"cluster": "orders", "count": 10}, "count", "count must be at most 9; you gave 10."),
        ({"cluster": "orders", "count": "3"}, "count", "count must be a whole number; you gave 3."),
        ({"cluster": "orders", "reason": "x" * 30}, "reason", "reason must have at most 20 characters"),
        ({"cluster": "orders", "hosts": []}, "hosts", "hosts must have at least 1 items"),
        ({"cluster": "orders", "hosts": ["a", 1]}, "hosts.1", "hosts.1 must be text; you gave 1."),
        ({"cluster": "orders", "extra": {}}, "extra.a", "extra.a is missing."),
        ({"cluster": "orders", "either": 1.5}, "either", "either must be a whole number or text or null"),
        ({"cluster": "orders", "day": "soon"}, "day", "day must be a valid date; you gave soon."),
        ({"cluster": "orders", "code": "x"}, "code", "code must match the pattern ^[A-Z]+$; you gave x."),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_right(
    given: dict[str, object], field: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_parameters(SCHEMA, given)
    assert sentence in str(raised.value)
    assert raised.value.field == field


def test_every_wrong_parameter_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as raised:
        check_parameters(SCHEMA, {"count": 0, "dry": "x", "nope": 1})
    assert [getattr(problem, "field", None) for problem in raised.value.problems] == [
        "nope",
        "cluster",
        "count",
        "dry",
    ]


def test_a_schema_may_allow_what_it_does_not_declare() -> None:
    assert check_parameters({"additionalProperties": {"type": "integer"}}, {"x": 1}) == {"x": 1}
    assert check_parameters({"patternProperties": {"^x": {}}}, {"x": 1}) == {"x": 1}
    with pytest.raises(InvalidInput, match="This runbook takes none"):
        check_parameters({"type": "object"}, {"x": 1})


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"x": {"$ref": "http://127.0.0.1:1/schema"}}},
        {"properties": {"x": {"$ref": "file:///etc/passwd"}}},
        {"properties": {"x": {"$ref": "#/$defs/none"}}},
        {"properties": {"x": {"$ref": "#/properties/x"}}},
        {"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}},
    ],
)
def test_a_schema_that_leads_elsewhere_is_refused_and_nothing_is_fetched(schema: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="cannot be used"):
        check_parameters(schema, {"x": 1})


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("cluster=orders", "orders"),
        ("reason=a=b c", "a=b c"),
        ("reason=", ""),
        ("count=3", 3),
        ("ratio=1.5", 1.5),
        ("ratio=2", 2),
        ("ratio=1e3", 1000.0),
        ("dry=yes", True),
        ("dry=FALSE", False),
        ("hosts=a, b", ["a", "b"]),
        ('hosts=["a,b", "c"]', ["a,b", "c"]),
        ("hosts=", []),
        ("ports=1,2", [1, 2]),
        ('extra={"a": 1}', {"a": 1}),
        ("either=3", 3),
        ("either=x", "x"),
        ("either=null", None),
        ("level=1", 1),
        ("level=high", "high"),
        ("level=null", None),
        ("named=7", 7),
        ("free=7", "7"),
    ],
)
def test_a_word_becomes_the_type_of_its_parameter(word: str, value: object) -> None:
    (result,) = parse_key_values([word], SCHEMA).values()
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["orders"], "'orders' is not a parameter. Write key=value."),
        (["clster=orders"], "There is no parameter clster. Did you mean cluster?"),
        (["zzz=1"], "Parameters: "),
        (["count=x"], 'count must be a whole number; you gave "x".'),
        (["count=" + "9" * 5000], "count must be a whole number"),
        (["ratio=nan"], "ratio must be a number"),
        (["ratio=1e9999"], "ratio must be a number"),
        (["dry=maybe"], "dry must be true or false"),
        (["ports=1,x"], "ports must be a whole number"),
        (["hosts=[1"], "hosts must be a list"),
        (["extra=[]"], "extra must be a mapping as JSON"),
        (["extra=" + "[" * 100_000], "extra must be a mapping as JSON"),
        (["count=1", "count=2"], "count is given twice. Give it once."),
        (["=x"], "There is no parameter ."),
    ],
)
def test_a_word_that_does_not_fit_is_refused_with_a_sentence(words: list[str], sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_key_values(words, SCHEMA)
    assert sentence in str(raised.value)


def test_words_then_checks_go_together() -> None:
    words = ["cluster=users", "count=2"]
    assert check_parameters(SCHEMA, parse_key_values(words, SCHEMA))["count"] == 2


@pytest.mark.parametrize("value", [10**400, 2**63, -(2**63) - 1, float("inf"), float("nan"), "a\0"])
def test_what_cannot_be_kept_is_refused_whoever_gives_it(value: object) -> None:
    """A workflow passes the value of an expression, which no interface has checked."""
    with pytest.raises(InvalidInput) as raised:
        check_parameters(SCHEMA, {"cluster": "orders", "free": [{"a": value}]})
    assert raised.value.field == "free.0.a"


@pytest.mark.parametrize("word", ["count=9223372036854775808", "ratio=" + "9" * 25])
def test_an_integer_has_64_bits(word: str) -> None:
    with pytest.raises(InvalidInput, match="a whole number that fits into 64 bits"):
        parse_key_values([word], SCHEMA)


@pytest.mark.parametrize("word", ["hosts=[1e999]", 'extra={"a": NaN}', "hosts=[" + "9" * 400 + "]"])
def test_what_cannot_be_kept_is_refused_in_a_list_too(word: str) -> None:
    with pytest.raises(InvalidInput, match="without anything that cannot be stored"):
        parse_key_values([word], SCHEMA)
