"""The values that a step of type `input` asks for: their schema with this run's defaults, and what was entered."""

import json
from collections.abc import Mapping
from typing import cast

from core.definitions.cel.values import JsonValue
from core.definitions.json_schema import deref
from core.definitions.parameters import Schema, check_parameters, declared
from core.errors import InvalidInput

LARGEST = 64 * 1024  # characters of JSON, since the values are stored and shown


def with_run_defaults(
    schema: Mapping[str, JsonValue], defaults: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return the schema with these defaults, which take precedence over its own."""
    properties = cast("dict[str, JsonValue]", dict(declared(schema)))
    for name, value in defaults.items():
        inner = cast("Mapping[str, JsonValue]", deref(properties.get(name, {}), schema))
        properties[name] = {**inner, "default": value}
    return {**schema, "properties": properties}


def values_given(schema: Schema, given: Mapping[str, object]) -> dict[str, JsonValue]:
    """Return the values with defaults filled in. Raises InvalidInput with a Problem for each that is wrong."""
    values = check_parameters(schema, given)
    size = len(json.dumps(values, ensure_ascii=False))
    if size > LARGEST:
        raise InvalidInput(
            f"The values have {size:,} characters of JSON, more than {LARGEST:,}.", field="values"
        )
    return values


def saved_values(schema: Schema, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what the step saves: each declared value, null if it was left out and has no default."""
    return {**dict.fromkeys(declared(schema)), **values}
