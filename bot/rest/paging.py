"""Cursor paging: a page, and an opaque cursor for the next one, which begins behind the last row."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import WithJsonSchema

from core.errors import InvalidInput
from core.services.access.listing import Position, Window

MOST = 200
USUAL = 50
CURSOR = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}  # as the OpenAPI document has it
IDENTIFIER = re.compile(r"[a-z]{3}_[0-9a-z]{1,40}")

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`next_cursor`: where the next page begins; None on the last one."""

    rows: Sequence[Row]
    next_cursor: str | None


@dataclass(frozen=True)
class PageRequest:
    """Up to `limit` rows, those behind `after`."""

    limit: int = USUAL
    after: Position | None = None

    @property
    def window(self) -> Window:
        """One row more than the page has: if it is there, there is a next page."""
        return Window(self.limit + 1, self.after)

    def cut(self, rows: Sequence[Row], position: Callable[[Row], Position]) -> Page[Row]:
        """The page of the rows that were found in the window."""
        shown = rows[: self.limit]
        return Page(shown, encode_cursor(position(shown[-1])) if len(rows) > len(shown) else None)


def page_request(
    limit: Annotated[int, Query(ge=1, le=MOST, description="How many to answer at most.")] = USUAL,
    cursor: Annotated[
        str | None, WithJsonSchema(CURSOR), Query(description="`next_cursor` of the page before.")
    ] = None,
) -> PageRequest:
    """Raises InvalidInput for a cursor that is none of ours."""
    return PageRequest(limit, decode_cursor(cursor) if cursor is not None else None)


WantedPage = Annotated[PageRequest, Depends(page_request)]


def encode_cursor(position: Position) -> str:
    text = f"{position.at.isoformat()} {position.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    """Raises InvalidInput for anything that `encode_cursor` did not make."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        moment, _, identifier = base64.b64decode(padded, b"-_", validate=True).decode("ascii").partition(" ")
        position = Position(datetime.fromisoformat(moment), identifier)
        position.at.astimezone(
            UTC
        )  # of the first day and the last one, some zones have hours that UTC has not
    except (ValueError, OverflowError, binascii.Error):
        position = None
    if position is None or position.at.tzinfo is None or not IDENTIFIER.fullmatch(position.id):
        hint = "Take next_cursor from the page before, or leave it out to begin at the start."
        raise InvalidInput("This cursor is none of ours.", hint=hint, field="cursor")
    return position
