"""Documents that keep the order of keys in which people wrote them, because people will read them again."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import ModelWrapValidatorHandler, PrivateAttr, model_validator

from core.definitions.fields import Definition


class WrittenDefinition(Definition):
    """A document that can be stored and shown again as it was written."""

    _written: Mapping[str, object] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _remember_order(cls, data: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        definition = handler(data)
        return definition.written_as(data) if isinstance(data, Mapping) else definition

    def written_as(self, data: Mapping[str, object]) -> Self:
        """Remember the data from which the definition was read."""
        self._written = data
        return self

    def document(self) -> dict[str, Any]:
        """Return the document as plain JSON: only what was written, in the order in which it was written."""
        document: dict[str, Any] = in_order_of(
            self.model_dump(mode="json", exclude_unset=True), self._written
        )
        return document


def in_order_of(value: Any, example: object) -> Any:
    """Return `value` with its keys, at any depth, in the order of `example`; other keys come last.

    Entries of a list are matched by their `id` if they have one, and by position otherwise.
    """
    if isinstance(value, dict) and isinstance(example, Mapping):
        known = [key for key in example if key in value]
        keys = dict.fromkeys([*known, *value])
        return {key: in_order_of(value[key], example.get(key)) for key in keys}
    if isinstance(value, list) and isinstance(example, list | tuple):
        by_name = {_name(each, place): each for place, each in enumerate(example)}
        return [in_order_of(each, by_name.get(_name(each, place))) for place, each in enumerate(value)]
    return value


def _name(entry: object, place: int) -> object:
    identifier = entry.get("id") if isinstance(entry, Mapping) else None
    return identifier if isinstance(identifier, str) else place
