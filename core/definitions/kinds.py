"""The kinds of documents: reading stored definitions back, and the JSON Schema for editors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from core.definitions.documents import Document
from core.definitions.durations import write_duration
from core.definitions.runbook import RunbookDefinition
from core.definitions.secret import SecretDefinition
from core.definitions.team import TeamDefinition
from core.definitions.workflow import WorkflowDefinition
from core.errors import DefinitionError

AnyDefinition = TeamDefinition | SecretDefinition | RunbookDefinition | WorkflowDefinition
KINDS: Mapping[str, type[AnyDefinition]] = {
    "team": TeamDefinition,
    "secret": SecretDefinition,
    "runbook": RunbookDefinition,
    "workflow": WorkflowDefinition,
}


@dataclass(frozen=True)
class Read:
    """A valid definition, and the document from which it was read."""

    definition: AnyDefinition
    document: Document


def restore_definition(stored: Mapping[str, object]) -> AnyDefinition:
    """Restore a definition from its `model_dump(mode="json")`. Raises DefinitionError for an unknown kind."""
    kind = KINDS.get(str(stored.get("kind")))
    if kind is None:
        raise DefinitionError(f"There is no document kind {stored.get('kind')!r}.", field="kind")
    return kind.model_validate(stored)


def build_models() -> None:
    """Discover all step and action types and build the models, so that the first reader does not wait for it.

    Raises ConfigurationError if two types have the same name.
    """
    for kind in KINDS.values():
        kind.model_rebuild()


DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Durations as people write them, and no titles that only repeat a field's name."""

    def encode_default(self, dft: object) -> object:
        return write_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 as in the base class
        return False


def schema_of(kind: str) -> Mapping[str, object]:
    """Return the schema of `runbook`, `workflow`, `team` or `secret`. Raises KeyError for another kind."""
    return {"$schema": DIALECT, **model_schema(KINDS[kind]), "title": kind}


def model_schema(model: type[BaseModel]) -> JsonSchemaValue:
    """Return the schema of a part of a document, such as a step type, even if it may contain parts of its own type."""
    schema = model.model_json_schema(schema_generator=_Generator)
    return {**schema["$defs"][model.__name__], "$defs": schema["$defs"]} if "$ref" in schema else schema
