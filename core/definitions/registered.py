"""A union of models that a registry finds, chosen by their `type`, and built when it is first needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from core.definitions.type_mistakes import mistakes_of


@dataclass(frozen=True)
class RegisteredUnion:
    """Annotation of a field: whichever of the registered models has the value's `type`.

    pydantic asks for the schema when a model of `defer_build=True` is first used, so nothing is discovered
    while modules are being imported.
    """

    discover: Callable[[], Mapping[str, type[BaseModel]]]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Answer the schema of a union tagged by `type`. Raises ConfigurationError for a model that cannot be built."""
        choices = {}
        for name, model in self.discover().items():
            with mistakes_of(model):
                choices[name] = handler.generate_schema(model)
        return core_schema.tagged_union_schema(choices, discriminator="type")
