"""Secret parameters: which they are, and that no error reveals one."""

from typing import Any

import pytest

from core.definitions.http_requests import render_url
from core.definitions.parameters import check_parameters, parse_key_values
from core.definitions.secrets import HIDDEN, HiddenParameters, parted, secret_names, texts_of
from core.definitions.templates import render
from core.definitions.validate import validate_text
from core.errors import InvalidInput

PASSWORD = {"type": "string", "format": "password", "minLength": 8}
WRITTEN = {"type": "string", "writeOnly": True}


@pytest.mark.parametrize(
    ("schema", "secrets"),
    [
        ({"properties": {"a": PASSWORD, "b": {"type": "string"}}}, {"a"}),
        ({"properties": {"a": WRITTEN}}, {"a"}),
        ({"properties": {"a": {"writeOnly": False}, "b": {"format": "date"}}}, set()),
        ({"$defs": {"p": PASSWORD}, "properties": {"a": {"$ref": "#/$defs/p"}}}, {"a"}),
        (
            {"properties": {"a": {"type": "object", "properties": {"b": {"properties": {"c": WRITTEN}}}}}},
            {"a"},
        ),
        ({"properties": {"a": {"type": "array", "items": PASSWORD}}}, {"a"}),
        ({"properties": {"a": {"anyOf": [{"type": "null"}, PASSWORD]}}}, {"a"}),
        ({"properties": {"a": {}}, "allOf": [{"properties": {"a": WRITTEN}}]}, {"a"}),
        ({"properties": {"a": {"default": {"writeOnly": True}, "enum": [{"format": "password"}]}}}, set()),
        ({"properties": {"a": {"$ref": "#"}}}, set()),
        ({"properties": {"a": {"$ref": "#"}, "b": WRITTEN}}, {"a", "b"}),
        ({}, set()),
    ],
)
def test_a_secret_is_what_the_schema_calls_one(schema: dict[str, Any], secrets: set[str]) -> None:
    assert secret_names(schema) == secrets


def test_what_is_not_declared_is_one_where_the_schema_says_so_of_all_others() -> None:
    schema = {"properties": {"a": {}}, "additionalProperties": PASSWORD}
    assert secret_names(schema, ["a", "b"]) == {"b"}


def test_what_is_empty_is_seen_to_be_empty() -> None:
    schema = {"properties": dict.fromkeys("abcd", WRITTEN)}
    given = {"a": "", "b": None, "c": "pa55", "d": 0}
    assert parted(schema, given) == ({"a": "", "b": None, "c": "***", "d": "***"}, {"c": "pa55", "d": 0})


def test_lists_and_mappings_keep_their_shape() -> None:
    schema = {"properties": {"a": WRITTEN}}
    given: dict[str, Any] = {"a": {"b": ["x", "", None, 1, True], "c": {}}}
    assert parted(schema, given)[0] == {"a": {"b": ["***", "", None, "***", "***"], "c": {}}}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ params.pin }}", "***"),
        ("a {{ int(params.pin) + 1 }} b", "a *** b"),
        ("{{ params.opts.key.substring(3) }}", "***"),
        ("{{ params.plain }} {{ size(params.plain) }}", "seen 4"),
        ("{{ params.list.map(x, x + 1)[0] }}", "***"),
    ],
)
def test_what_an_expression_makes_of_one_is_not_shown(text: str, shown: str) -> None:
    given: dict[str, Any] = {"pin": "***", "opts": {"key": "***"}, "plain": "seen", "list": ["***"]}
    scope = {"params": given, HIDDEN: HiddenParameters({"pin", "opts", "list"})}
    assert render(text, scope) == shown
    assert render_url(f"https://x.example/{text}?q={text}", scope).count("***") == 2 * shown.count("***")


def test_all_texts_and_numbers_of_a_secret_are_hidden() -> None:
    assert texts_of({"a": {"b": ["x", 12, True, None]}, "c": "y"}) == ("x", "12", "y")


SCHEMA = {
    "properties": {
        "token": PASSWORD | {"pattern": "^[a-z]+$", "enum": ["abcdefgh"]},
        "pin": {"type": "integer", "writeOnly": True, "maximum": 10},
        "opts": {"type": "object", "properties": {"key": PASSWORD}, "minProperties": 1},
        "name": {"type": "string", "maxLength": 3},
    },
    "anyOf": [{"required": ["token"]}, {"required": ["pin"]}],
}


@pytest.mark.parametrize(
    "given",
    [
        {"token": "S3CRET"},
        {"token": "S3CRETS3CRET"},
        {"token": 51423},
        {"pin": 51423},
        {"token": ["S3CRET"]},
        {"opts": {"key": "S3CRET"}},
        {"opts": "S3CRET"},
        {"opts": {"S3CRET": "S3CRET", "key": "x"}, "name": "long"},
    ],
)
def test_no_error_tells_a_secret(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as raised:
        check_parameters(SCHEMA, given)
    said = str(raised.value)
    assert said
    assert "S3CRET" not in said
    assert "51423" not in said


@pytest.mark.parametrize(
    "words", [["pin=S3CRET"], ["opts=S3CRET"], ["token=my", "S3CRET"], ["pin=1", "pin=S3CRET"]]
)
def test_no_error_of_a_typed_line_tells_a_secret(words: list[str]) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_key_values(words, SCHEMA)
    assert "S3CRET" not in str(raised.value)


def test_errors_of_the_others_say_what_was_given() -> None:
    with pytest.raises(InvalidInput, match="you gave long"):
        check_parameters(SCHEMA, {"token": "abcdefgh", "name": "long"})


RUNBOOK = """kind: runbook
name: form
parameters: {type: object, properties: {token: {type: string, format: password, writeOnly: true, %s}}}
steps:
  - {id: say, type: message, text: done}
"""


@pytest.mark.parametrize("empty", ['default: ""', "description: The token"])
def test_a_secret_without_a_value_is_valid(empty: str) -> None:
    assert validate_text(RUNBOOK % empty, "f.yaml")[1] == []


@pytest.mark.parametrize(
    "written", ["default: hunter2", "const: hunter2", "enum: [hunter2]", "examples: [hunter2]"]
)
def test_a_secret_that_stands_in_the_definition_is_refused(written: str) -> None:
    (found,) = validate_text(RUNBOOK % written, "f.yaml")[1]
    assert str(found).startswith("f.yaml:3:")
    assert "everybody can read its" in str(found)
