"""Ids and names that must not stand twice in one document."""

from collections.abc import Sequence

from pydantic_core import PydanticCustomError

Path = tuple[str | int, ...]


def refuse_twice(values: Sequence[str], where: str, *, key: str = "id") -> None:
    """Raise for a value that is there twice; `where` is the field that holds what has it, by its `key`."""
    refuse_twice_at([(value, (where, index)) for index, value in enumerate(values)], where, key=key)


def refuse_twice_at(values: Sequence[tuple[str, Path]], where: str, *, key: str = "id") -> None:
    """The same, with the path of each thing that has the value."""
    seen: set[str] = set()
    for value, path in values:
        if value in seen:
            raise PydanticCustomError(
                "id_twice",
                "The {key} {name} is there twice in {where}. Each needs its own.",
                {"key": key, "name": value, "where": where, "path": [*path, key]},
            )
        seen.add(value)
