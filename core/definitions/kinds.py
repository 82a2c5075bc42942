"""The kinds of documents: reading stored definitions back, and the JSON Schema for editors.

A stored definition may no longer be valid: types are removed, and checks become stricter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from core.definitions.documents import Document
from core.definitions.durations import write_duration
from core.definitions.problems import Problem
from core.definitions.pydantic_problems import problems_of
from core.definitions.runbook import RunbookDefinition
from core.definitions.secret import SecretDefinition
from core.definitions.team import TeamDefinition
from core.definitions.workflow import WorkflowDefinition
from core.errors import DefinitionError, NotRunnable

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


StoredDefinition = TypeVar("StoredDefinition", RunbookDefinition, WorkflowDefinition)


class StoredDefinitionInvalid(NotRunnable):
    """A stored definition is no longer valid.

    The message is for the person who asked for the definition; `cannot_be_read` is the sentence for everybody else.
    """

    def __init__(self, name: str, version: int, problem: Problem) -> None:
        where = f"{problem.field or 'the top level'}: {problem.message}"
        super().__init__(f"Version {version} of {name} is no longer valid, at {where}", hint=problem.hint)
        self.cannot_be_read = (
            f"Version {version} of {name} cannot be read by this version of the service, at {where}"
        )


def read_stored(
    model: type[StoredDefinition], name: str, version: int, document: Mapping[str, object]
) -> StoredDefinition:
    """Return the definition of a stored document. Raises StoredDefinitionInvalid."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        whole = Document(dict(document), name, text="", places={(): (1, 1)}, key_places={}, spans={})
        raise StoredDefinitionInvalid(name, version, problems_of(error, model, whole)[0]) from error


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
