"""Parsed documents with the line and column of each value, and limits on how much text is parsed.

The limits are checked before anything expensive happens.
"""

from dataclasses import dataclass, field
from typing import Any

from core.definitions.problems import Problem

MOST_PROBLEMS = 100  # reported for one document; more would not help its author


@dataclass(frozen=True)
class Bounds:
    """Limits on one text: `size` in bytes, `nodes` (values and keys), `work` of checking its expressions, in cel.cost
    units.
    """

    size: int
    nodes: int
    work: int


OF_FILES = Bounds(
    size=1_048_576, nodes=200_000, work=30_000_000
)  # files that an operator checks at a terminal
OF_REQUESTS = Bounds(
    size=262_144, nodes=10_000, work=600_000
)  # a request, which others in the same process wait behind


Path = tuple[str | int, ...]
Place = tuple[int, int]


@dataclass(frozen=True)
class Document:
    """One document of a file. `data` is plain JSON."""

    data: dict[str, object]
    file: str
    text: str = field(repr=False)
    places: dict[Path, Place] = field(repr=False)
    key_places: dict[Path, Place] = field(repr=False)
    spans: dict[Path, tuple[int, int]] = field(repr=False)

    def at(self, path: Path) -> object:
        """Return the value at `path`, which must exist."""
        value: Any = self.data
        for part in path:
            value = value[part]
        return value

    def position(self, path: Path, *, key: bool = False) -> Place:
        """Return the line and column, from 1, of the value at `path`, or of its key.

        For something that does not exist (a missing field), return the position of the nearest enclosing value.
        """
        while path not in self.places and path:
            path, key = path[:-1], False
        return self.key_places.get(path, self.places[path]) if key else self.places[path]

    def locate(self, path: Path, fragment: str, offset: int = 0) -> Place:
        """Return the line and column of the character at `offset` in `fragment`, a part of the text at `path`.

        Where the text is written differently (with escapes, or folded over lines), return the position of the whole
        text.
        """
        start, end = self.spans.get(path, (0, 0))
        at = self.text.find(fragment, start, end)
        return self.position(path) if at < 0 else place_of(self.text, at + offset)

    def problem(self, path: Path, message: str, hint: str | None = None, *, key: bool = False) -> Problem:
        """Return a Problem at `path`, or at its key."""
        return Problem(self.file, *self.position(path, key=key), message, hint, path)

    def problem_in(
        self, path: Path, fragment: str, offset: int, message: str, hint: str | None = None
    ) -> Problem:
        """Return a Problem at the character `offset` of a `fragment` of the text at `path`."""
        return Problem(self.file, *self.locate(path, fragment, offset), message, hint, path)


def place_of(text: str, offset: int) -> Place:
    """Return line and column, from 1, of the character at `offset`."""
    before = text[:offset].split("\n")
    return len(before), len(before[-1]) + 1
