"""Pydantic's errors about a request as sentences, each with its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SHOWN = 60  # characters of a wrong value that the sentence repeats

# By pydantic's error type, https://docs.pydantic.dev/latest/errors/validation_errors/.
SENTENCES_OF_PYDANTIC = {
    "missing": "{field} is missing.",
    "extra_forbidden": "{field} is not known here.",
    "enum": "{field} is {input}; it must be {expected}.",
    "literal_error": "{field} is {input}; it must be {expected}.",
    "string_type": "{field} must be text.",
    "string_too_short": "{field} must have at least {min_length} characters.",
    "string_too_long": "{field} must have at most {max_length} characters.",
    "string_pattern_mismatch": "{field} is {input}; it must match {pattern}.",
    "too_long": "{field} must have at most {max_length} entries.",
    "int_parsing": "{field} is {input}; it must be a whole number.",
    "greater_than_equal": "{field} is {input}; it must be at least {ge}.",
    "less_than_equal": "{field} is {input}; it must be at most {le}.",
    "dict_type": "{field} must be an object.",
    "model_type": "{field} must be a JSON object, sent with Content-Type: application/json.",
    "model_attributes_type": "{field} must be a JSON object, sent with Content-Type: application/json.",
    "json_invalid": "{field} is not JSON: {error}.",
    "unknown_kind": "{field} is {input}; it must be {meant}.",
    "cannot_be_kept": "{field} {why}.",
}
OTHERWISE = "{field}: {msg}."


@dataclass(frozen=True)
class FieldError:
    """The error of one field; `field` is its path in the body, or the name of a query parameter."""

    field: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "detail": self.detail}


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Convert Pydantic's errors, each with the `loc` that FastAPI sets: `("body", "labels", "pager")`."""
    return [_field_error(error) for error in errors]


def _field_error(error: Mapping[str, Any]) -> FieldError:
    context = {**error.get("ctx", {})}
    field = _field(error, context)
    values = {**context, "field": field, "input": _shown(error.get("input")), "msg": error["msg"]}
    subject = "The body" if field == "body" else field
    return FieldError(
        field, SENTENCES_OF_PYDANTIC.get(error["type"], OTHERWISE).format(**values | {"field": subject})
    )


def _field(error: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return "body"
    place = [str(part) for part in (*error["loc"][1:], *context.get("path", ()))]
    return ".".join(place) or str(error["loc"][0])


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return f'"{text[:SHOWN]}…"' if len(text) > SHOWN else f'"{text}"'
