"""What expressions may expect of `params`, told from the JSON Schema that declares them."""

from collections.abc import Mapping

from core.definitions.json_schema import deref
from core.definitions.parameters import declared, default_of, required
from core.definitions.shapes import OPEN, Shape

_SAMPLES: Mapping[object, tuple[object]] = {"string": ("",), "integer": (0,), "boolean": (True,)}
# Whether a parameter is there may then hang on the others.
_CONDITIONS = frozenset(
    {"allOf", "anyOf", "oneOf", "if", "dependentRequired", "dependentSchemas", "minProperties", "$ref"}
)


def params_shape(schema: Mapping[str, object]) -> Shape:
    """Answer the shape of `params`: what is declared, and which of it may be missing when the runbook runs."""
    properties = declared(schema)
    is_plain = not _CONDITIONS & schema.keys()
    missing = {
        name
        for name, inner in properties.items()
        if is_plain and name not in required(schema) and default_of(inner, schema) is None
    }
    return Shape(
        {name: _property_shape(deref(inner, schema)) for name, inner in properties.items()},
        optional=frozenset(missing),
        plural="Parameters",
        empty="Declare it under parameters.properties.",
    )


def _property_shape(schema: Mapping[str, object]) -> Shape:
    choices = schema.get("enum")
    if schema.get("type") == "string" and isinstance(choices, list) and choices:
        texts = tuple(choice for choice in choices if isinstance(choice, str))
        return Shape({}, sample=("",), choices=texts)
    kind = schema.get("type")
    sample = _SAMPLES.get(kind) if isinstance(kind, str) else None
    return Shape({}, sample=sample) if sample else OPEN
