"""Rows of a database, as JSON: bounded, with secrets masked before anything is cut."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from core.io.statements import StatementResult
from core.io.text import DEEPEST, NO_MASK, Excerpt, Mask, without_nul
from core.values.execution import Json

KEEP_OF_VALUE = 2_048  # bytes kept of the head of a long value, and the same of its tail
MOST_BYTES = 65_536  # of all rows of a step, as JSON


def unique(names: Sequence[str]) -> list[str]:
    """Return the names of columns; a name that was there before gets a number: `id`, `id_2`."""
    found: list[str] = []
    for name in names:
        number, candidate = 1, name
        while candidate in found:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return found


class Rows:
    """Collects the rows of one statement: at most `most`, and at most `room` bytes."""

    def __init__(self, most: int, mask: Mask = NO_MASK, room: int = MOST_BYTES) -> None:
        self.most, self._mask, self.room = most, mask, room
        self._rows: list[Mapping[str, Json]] = []
        self.is_cut = False

    def add(self, row: Mapping[str, object]) -> None:
        """Keep the row if there is room for it."""
        if self.is_cut or len(self._rows) >= self.most:
            self.is_cut = True
            return
        kept = {name: self._value(value) for name, value in row.items()}
        size = len(json.dumps(kept))
        if size > self.room:
            self.is_cut = True
            return
        self.room -= size
        self._rows.append(kept)

    def result(self, count: int) -> StatementResult:
        """Return what came of the statement. `count`: how many rows it returned or changed."""
        return StatementResult(tuple(self._rows), count, self.is_cut)

    def _value(self, value: object) -> Json:
        found = as_json(value)
        if (
            isinstance(found, (dict, list))
            and len(text := json.dumps(found, ensure_ascii=False)) > KEEP_OF_VALUE
        ):
            found = text
        return self._excerpt(found) if isinstance(found, str) else found

    def _excerpt(self, text: str) -> str:
        excerpt = Excerpt(KEEP_OF_VALUE, self._mask)
        excerpt.add(text.encode("utf-8", "surrogatepass"))
        return excerpt.text()


def as_json(value: object, depth: int = 0) -> Json:
    """Return a value of a database as JSON: times in ISO 8601, decimals and others as text, bytes in base64."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return _nested(value, depth)


def _nested(value: object, depth: int) -> Json:
    if depth >= DEEPEST:
        return "…"
    if isinstance(value, list | tuple):
        return [as_json(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(without_nul(str(name))): as_json(item, depth + 1) for name, item in value.items()}
    return str(value)
