"""The JSON Schema of a document kind, for editors: made from the models that validation uses, and their docstrings."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from core.definitions.durations import write_duration
from core.definitions.kinds import KINDS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Durations as people write them, and no titles that only repeat a field's name."""

    def encode_default(self, dft: object) -> object:
        return write_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 as in the base class
        return False


def schema_of(kind: str) -> Mapping[str, object]:
    """Answer the schema of `runbook`, `workflow`, `team` or `secret`. Raises KeyError for another kind."""
    return {"$schema": DIALECT, **model_schema(KINDS[kind]), "title": kind}


def model_schema(model: type[BaseModel]) -> JsonSchemaValue:
    """Answer the schema of a part of a document, such as a step type; of one that may hold its like, too."""
    schema = model.model_json_schema(schema_generator=_Generator)
    return {**schema["$defs"][model.__name__], "$defs": schema["$defs"]} if "$ref" in schema else schema
