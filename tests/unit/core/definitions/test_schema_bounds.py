"""The size of a schema with every reference followed, and its limits."""

import pytest

from core.definitions.json_schema import schema_errors, schema_problems
from core.definitions.schema_bounds import (
    MOST_NODES,
    MOST_WORK,
    SchemaSize,
    Unbounded,
    size_of_schema,
    size_of_value,
)


def test_a_reference_counts_as_often_as_it_is_used() -> None:
    once = size_of_schema({"$defs": {"a": {"type": "string"}}, "items": {"$ref": "#/$defs/a"}})
    twice = {"$defs": {"a": {"type": "string"}}, "allOf": [{"$ref": "#/$defs/a"}] * 3}
    assert size_of_schema(twice).nodes > once.nodes


def test_what_branches_at_each_reference_is_refused_without_going_through_it() -> None:
    defs: dict[str, object] = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(25)}
    schema = {"$defs": {**defs, "d25": {}}, "$ref": "#/$defs/d0"}
    with pytest.raises(Unbounded, match=f"more than {MOST_NODES:,} parts"):
        size_of_schema(schema)
    [(field, sentence)] = schema_errors(schema, {})  # of one that was kept before
    assert field == ""
    assert sentence.startswith("The schema of the parameters cannot be used: ")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"properties": {"x": {"$ref": "#"}}}, "circular: # refers back"),
        ({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, "circular"),
        ({"$ref": "#/$defs/none"}, "leads nowhere"),
        ({"$ref": "#name"}, "leads nowhere"),
        ({"$ref": "other.json"}, "is never fetched"),
        ({"properties": {"x": {"$anchor": "y"}}}, "cannot be used here"),
    ],
)
def test_where_references_may_not_lead(schema: dict[str, object], message: str) -> None:
    with pytest.raises(Unbounded, match=message):
        size_of_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"$id": "https://example.com/x", "$schema": "https://json-schema.org/draft/2020-12/schema"},
        {"properties": {"$ref": {"type": "string"}, "$id": {}, "pattern": {"type": "string"}}},
        {"properties": {"x": {"default": {"$ref": "http://x"}, "enum": [{"$ref": "#/no"}]}}},
        {
            "$defs": {"a": {"type": "string"}, "b": {"$ref": "#/$defs/a"}},
            "properties": {"x": {"$ref": "#/$defs/b"}},
        },
    ],
)
def test_what_people_write(schema: dict[str, object]) -> None:
    assert list(schema_problems(schema)) == []
    assert schema_errors(schema, {}) == []


def test_the_states_of_all_patterns_count() -> None:
    one = size_of_schema({"properties": {"x": {"pattern": "^a{100}$"}}}).states
    both = size_of_schema(
        {"properties": {"x": {"pattern": "^a{100}$"}}, "patternProperties": {"^a{100}$": {}}}
    ).states
    assert both == 2 * one > 0


def test_values_times_nodes_is_bounded() -> None:
    size = SchemaSize(nodes=1_000, states=0)
    assert size.why_too_much(values=MOST_WORK // 1_000, characters=10**9) is None
    assert "too many to check" in str(size.why_too_much(values=MOST_WORK // 1_000 + 1, characters=0))
    items = {"items": {"allOf": [{"type": "integer"}] * 1_000}}
    [(_, sentence)] = schema_errors({"properties": {"x": items}}, {"x": [1] * 2_000})
    assert "too many to check against this schema" in sentence


def test_a_value_is_measured_whole() -> None:
    assert size_of_value({"a": ["xy", 1, {"b": "z"}]}) == (8, 5)


def test_a_pattern_that_looks_ahead_is_not_written_any_more() -> None:
    [(path, sentence)] = schema_problems({"properties": {"x": {"pattern": "^(?!root)"}}})
    assert path == ("properties", "x", "pattern")
    assert "lookaround" in sentence


def test_a_pattern_that_looks_ahead_goes_on_where_it_was_kept_over_short_values() -> None:
    schema = {"properties": {"x": {"pattern": "^(?!root).*$"}}}
    assert schema_errors(schema, {"x": "orders"}) == []
    assert "must match the pattern" in schema_errors(schema, {"x": "root"})[0][1]
    assert "too many for a pattern with lookaround" in schema_errors(schema, {"x": "x" * 5_000})[0][1]


def test_of_many_errors_some_are_told() -> None:
    assert len(schema_errors({"additionalProperties": False}, {f"x{i}": 1 for i in range(200)})) <= 50
    assert len(schema_errors({"items": {"type": "string"}}, list(range(200)))) == 50
