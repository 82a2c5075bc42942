"""Parameters of a runbook: validation against its JSON Schema (draft 2020-12), and parsing of `key=value` words."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, cast

from core.definitions.cel.values import JsonValue
from core.definitions.json_schema import MOST_ERRORS, deref, required_names, schema_errors
from core.definitions.json_text import LARGEST, SMALLEST, plain_json, read_json, unstorable
from core.definitions.problems import suggest
from core.definitions.secrets import discreet, secret_names
from core.errors import InvalidInput

Schema = Mapping[str, object]
_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_MINUTE = re.compile(
    r"[0-2][0-9]:[0-5][0-9]"
)  # as people and Slack write a time; JSON Schema wants RFC 3339, in UTC
_LAST = "object array string"
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True)
class ParameterProblem:
    """A parameter that is missing or invalid; `field` is its name."""

    field: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        """Return the message followed by the hint."""
        return f"{self.message} {self.hint}" if self.hint else self.message


def check_parameters(schema: Schema, given: Mapping[str, object]) -> dict[str, JsonValue]:
    """Return the parameters with defaults filled in, valid under the schema.

    Parameters that the schema does not declare are rejected unless it has `additionalProperties` or
    `patternProperties`. Raises InvalidInput with a Problem for each parameter that is missing, invalid, or cannot be
    stored (a non-finite number or an integer beyond 64 bits, at any depth).
    """
    properties = declared(schema)
    unkept = [ParameterProblem(".".join(path), f"{'.'.join(path)} {why}.") for path, why in unstorable(given)]
    if unkept:
        _refuse(unkept[:MOST_ERRORS])
    problems = [_unknown(name, properties) for name in given if not _may_be_given(name, schema, properties)]
    filled = with_defaults(schema, given)
    secrets = secret_names(schema, filled)
    problems += [ParameterProblem(*discreet(*error, secrets)) for error in schema_errors(schema, filled)]
    if problems:
        _refuse(problems)
    return cast("dict[str, JsonValue]", filled)


def parse_key_values(words: Sequence[str], schema: Schema) -> dict[str, JsonValue]:
    """Parse `["cluster=orders", "count=3"]`; each text is converted to the type that the schema declares.

    A list is written as JSON or with commas, a mapping as JSON. Raises InvalidInput for a word without `=`, for a
    parameter that is undeclared or given twice, and for a text that is not of its type.
    """
    properties, values = declared(schema), dict[str, object]()
    secrets = secret_names(schema, (word.partition("=")[0] for word in words))
    problems: list[ParameterProblem] = []
    for word in words:
        key, sign, text = word.partition("=")
        if not sign:
            shown = "The text after a secret" if secrets and values.keys() & secrets else repr(word)
            problems.append(ParameterProblem("", f"{shown} is not a parameter.", "Write key=value."))
        elif not _may_be_given(key, schema, properties):
            problems.append(_unknown(key, properties))
        elif key in values:
            problems.append(ParameterProblem(key, f"{key} is given twice.", "Give it once."))
        else:
            values[key] = _coerced(key, text, deref(properties.get(key, {}), schema), problems)
    if problems:
        _refuse([replace(each, message=discreet(each.field, each.message, secrets)[1]) for each in problems])
    return cast("dict[str, JsonValue]", values)


def declared(schema: Schema) -> Mapping[str, object]:
    """Return the parameters that a schema declares, with the schema of each."""
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def required(schema: Schema) -> list[str]:
    """Return the parameters that must be given."""
    return required_names(schema)


def default_of(schema: object, root: Schema) -> tuple[object] | None:
    """Return the default of a property in a 1-tuple (it may be null), or None if it has no default."""
    resolved = deref(schema, root)
    return (resolved["default"],) if "default" in resolved else None


def with_defaults(schema: Schema, given: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters with defaults for those that are not given, in the schema's order."""
    filled: dict[str, object] = {}
    for name, inner in declared(schema).items():
        default = default_of(inner, schema)
        if name in given:
            filled[name] = given[name]
        elif default:
            filled[name] = default[0]
    return {**filled, **given}


def _may_be_given(name: str, schema: Schema, properties: Mapping[str, object]) -> bool:
    return name in properties or bool(schema.get("additionalProperties") or schema.get("patternProperties"))


def _unknown(name: str, properties: Mapping[str, object]) -> ParameterProblem:
    hint = suggest(name, properties, plural="Parameters") if properties else "This runbook takes none."
    return ParameterProblem(name, f"There is no parameter {name}.", hint)


def _refuse(problems: list[ParameterProblem]) -> NoReturn:
    raise InvalidInput(field=problems[0].field or None, problems=problems)


class _NotOfType(Exception):
    pass


def _coerced(key: str, text: str, schema: Schema, problems: list[ParameterProblem]) -> object:
    choices = schema.get("enum")
    if isinstance(choices, list):
        for choice in choices:
            if text == (choice if isinstance(choice, str) else json.dumps(choice)):
                return choice
    try:
        return _typed(text, schema)
    except _NotOfType as error:
        problems.append(ParameterProblem(key, f'{key} must be {error}; you gave "{text}".'))
        return None


def _typed(text: str, schema: Schema) -> object:
    kinds = schema.get("type")
    wanted = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else ["string"]
    failure: _NotOfType | None = None
    # Any text is valid text, so that type is tried last. A comma-separated list could also be meant as a mapping.
    for kind in sorted(map(str, wanted), key=_LAST.find):
        try:
            return _of_kind(text, kind, schema)
        except _NotOfType as error:
            failure = failure or error
    raise failure or _NotOfType("something else")


def _of_kind(text: str, kind: str, schema: Schema) -> object:
    if kind == "integer" and _INTEGER.fullmatch(text):
        return _whole_number(text)
    if kind == "number" and _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return _whole_number(text) if _INTEGER.fullmatch(text) else float(text)
    if kind == "boolean" and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if kind == "null" and text in {"null", ""}:
        return None
    if kind == "array":
        return _array(text, schema)
    if kind == "object":
        return _json(text, dict, 'a mapping as JSON, such as {"a": 1}')
    if kind == "string":
        return f"{text}:00Z" if schema.get("format") == "time" and _MINUTE.fullmatch(text) else text
    raise _NotOfType(_KINDS.get(kind, kind))


def _whole_number(text: str) -> int:
    number = int(text)
    if not SMALLEST <= number <= LARGEST:
        raise _NotOfType("a whole number that fits into 64 bits")
    return number


_KINDS = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "null": "null"}


def _array(text: str, schema: Schema) -> object:
    if text.lstrip().startswith("["):
        return _json(text, list, 'a list, such as a,b or ["a", "b"]')
    items = schema.get("items")
    return (
        [_typed(item.strip(), items if isinstance(items, Mapping) else {}) for item in text.split(",")]
        if text
        else []
    )


def _read_typed(text: str) -> object:
    """Parse JSON, also with typographic quotes. Raises ValueError, or InvalidInput for what cannot be stored."""
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return read_json(plain_json(text).encode("utf-8", "surrogatepass"))


def _json(text: str, kind: type, wanted: str) -> object:
    try:
        value = _read_typed(text)
    except ValueError:
        raise _NotOfType(wanted) from None
    except InvalidInput as error:
        raise _NotOfType(
            f"{wanted}, without anything that cannot be stored: {error.message.rstrip('.')}"
        ) from None
    if not isinstance(value, kind):
        raise _NotOfType(wanted)
    return value
