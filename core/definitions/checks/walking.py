"""Walks over the steps of a runbook or the actions of a workflow as they are written, nested ones included."""

from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import BaseModel

from core.definitions.documents import Document, Path
from core.definitions.fields import fields_by_key, registered
from core.definitions.runbook import STEP_LISTS
from core.definitions.steps import step_types

Part = Mapping[str, object]
Models = Mapping[str, type[BaseModel]]


def all_steps(document: Document) -> Iterator[tuple[Path, Part]]:
    """Yield the steps of a runbook with their paths, each nested one after the one that contains it."""
    for key in STEP_LISTS:
        yield from in_order(document.data.get(key), (key,), step_types())


def in_order(parts: object, path: Path, models: Models) -> Iterator[tuple[Path, Part]]:
    """Yield the parts with their paths, each nested part after the one that contains it."""
    for index, part in enumerate(parts if isinstance(parts, list) else ()):
        if isinstance(part, Mapping):
            here = (*path, index)
            yield here, part
            model = models.get(str(part.get("type")))
            for place, inner in inner_lists(part, model) if model else ():
                yield from in_order(inner, (*here, *place), models)


def inner_lists(part: Part, model: type[BaseModel]) -> Iterator[tuple[Path, object]]:
    """Yield the lists of parts inside a part, each with its path there: a field is such a list, or names several."""
    for key in _keys_of_lists(model):
        value = part.get(key)
        if isinstance(value, Mapping):
            yield from (((key, str(name)), inner) for name, inner in value.items())
        else:
            yield (key,), value


@cache
def _keys_of_lists(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(key for key, field in fields_by_key(model).items() if registered(field))
