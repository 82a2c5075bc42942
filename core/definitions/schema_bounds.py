"""Limits on the work that a JSON Schema written by a user can cause, measured with every `$ref` followed.

`allOf` with two references to the same place, ten levels deep, is checked a thousand times. Circular references are
rejected, since the cost of a value could then not be derived from the schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from core.definitions.cel.cost import pattern_weight
from core.definitions.json_text import pointed

Schema = Mapping[str, object]
Path = tuple[str | int, ...]

DEEPEST = 32
MOST_NODES = 5_000  # with every $ref followed
MOST_WORK = 2_000_000  # nodes of the schema times values checked, about 0.1 µs each
MOST_MATCHING = 200_000_000  # characters times states of all patterns, about 1 ns each
# These refer to other documents, or change the meaning of references:
# https://json-schema.org/draft/2020-12/json-schema-core
ELSEWHERE = frozenset({"$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"})
DATA = frozenset({"const", "default", "enum", "examples"})
NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})


class Unbounded(ValueError):
    """The schema is too large, or has a reference that is not allowed; `path` is the place in the schema."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class SchemaSize:
    """The size of a schema. `nodes`: with every `$ref` followed. `states`: of all its regular expressions."""

    nodes: int
    states: int

    def why_too_much(self, values: int, characters: int) -> str | None:
        """Return why a value of this size is too large to be checked; None if it is not."""
        if self.nodes * values > MOST_WORK:
            return f"The value consists of {values:,} values, too many to check against this schema."
        if self.states * characters > MOST_MATCHING:
            return f"The value has {characters:,} characters, too many to match with the patterns of this schema."
        return None


def size_of_schema(schema: Schema) -> SchemaSize:
    """Measure a schema, recursing into at most 32 levels. Raises Unbounded."""
    measure = _Measure(schema)
    return SchemaSize(measure.nodes(schema, ()), measure.states)


@dataclass
class _Measure:
    """Follows each reference once, and caches its size."""

    root: Schema
    known: dict[str, int] = field(default_factory=dict)
    following: list[str] = field(default_factory=list)
    states: int = 0

    def nodes(self, node: object, path: Path) -> int:
        if len(path) > DEEPEST:
            raise Unbounded(f"This is nested deeper than {DEEPEST} levels.", path[:DEEPEST])
        count = 1 + sum(self._of(key, item, (*path, key)) for key, item in _items(node))
        if count > MOST_NODES:
            message = (
                f"This schema is too large: with every $ref followed it has more than {MOST_NODES:,} parts."
            )
            raise Unbounded(message, path)
        return count

    def _of(self, key: str | int, item: object, path: Path) -> int:
        is_name = len(path) > 1 and path[-2] in NAMED
        if is_name and path[-2] == "patternProperties":
            self.states += pattern_weight(str(key))
        if not is_name and isinstance(item, str):
            self._look_at(key, item, path)
            if key == "$ref":
                return self._referred(item, path)
        return self.nodes(item, path)

    def _look_at(self, key: str | int, text: str, path: Path) -> None:
        if key == "pattern":
            self.states += pattern_weight(text)
        if key in ELSEWHERE or (key == "$id" and len(path) > 1):
            raise Unbounded(f"{key} cannot be used here: write $defs, and $ref: '#/$defs/NAME'.", path)

    def _referred(self, reference: str, path: Path) -> int:
        if not reference.startswith("#"):
            raise Unbounded(
                f"$ref may only refer to a place in this document; {reference[:100]} is never fetched.", path
            )
        target = pointed(self.root, reference)
        if not isinstance(target, Mapping | bool):
            raise Unbounded(f"$ref leads nowhere: there is no {reference[:100]} here.", path)
        if reference in self.following:
            raise Unbounded(f"$ref is circular: {reference[:100]} refers back to itself.", path)
        if reference not in self.known:
            self.following.append(reference)
            steps = reference.split("/")[1:]
            self.known[reference] = self.nodes(target, ("$ref",) * len(self.following) if steps else path)
            self.following.pop()
        return self.known[reference]


def _items(node: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(node, Mapping):
        yield from ((key, item) for key, item in node.items() if key not in DATA)
        yield from (("", None) for key in DATA & node.keys() for _ in _entries(node[key]))
    elif isinstance(node, list):
        yield from enumerate(node)


def _entries(value: object) -> Iterator[object]:
    """Yield an entry for each item of data; the items themselves are checked once, whatever the schema."""
    yield value
    if isinstance(value, list):
        yield from value


def size_of_value(value: object) -> tuple[int, int]:
    """Return the number of values in a JSON value, itself included, and of characters in all of them."""
    values = characters = 0
    pending = [value]
    while pending:
        part = pending.pop()
        values += 1
        if isinstance(part, str):
            characters += len(part)
        elif isinstance(part, Mapping):
            pending += [*part, *part.values()]
        elif isinstance(part, list):
            pending += part
    return values, characters
