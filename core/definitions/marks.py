"""Finding what a model marks as expression or template, without knowing the model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from core.definitions.fields import CelField, TemplateField
from core.definitions.registered import RegisteredUnion

Path = tuple[str | int, ...]
Mark = CelField | TemplateField


@dataclass(frozen=True)
class Marked:
    """A value that a model marks as expression or template."""

    path: Path
    mark: Mark
    value: object


def marked_values(model: type[BaseModel], data: Mapping[str, object], path: Path = ()) -> Iterator[Marked]:
    """Answer the marked values of `data`, which need not be valid, as `model` marks them.

    Parts that a registry chooses (steps, actions) are left to the caller, who knows what they may name.
    """
    for key, field in fields_by_key(model).items():
        if key not in data:
            continue
        value, here = data[key], (*path, key)
        mark = _mark(model, key)
        if mark:
            yield Marked(here, mark, value)
        elif isinstance(value, Mapping):
            for inner in inner_models(field):
                yield from marked_values(inner, value, here)


def fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Answer the fields of a model by what people write: `if`, not `condition`."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def inner_models(field: FieldInfo) -> tuple[type[BaseModel], ...]:
    """Answer the models that a field's annotation mentions; those of a registry not."""
    return tuple(_models(field.annotation))


def registered(field: FieldInfo) -> RegisteredUnion | None:
    """Answer the registry that a field's items come from, if any."""
    return next((item for item in _metadata(field) if isinstance(item, RegisteredUnion)), None)


@cache
def _mark(model: type[BaseModel], key: str) -> Mark | None:
    metadata = _metadata(fields_by_key(model)[key])
    return next((item for item in metadata if isinstance(item, CelField | TemplateField)), None)


def _metadata(field: FieldInfo) -> list[object]:
    return [*field.metadata, *_nested_metadata(field.annotation)]


def _nested_metadata(annotation: object) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for argument in get_args(annotation):
        yield from _nested_metadata(argument)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
