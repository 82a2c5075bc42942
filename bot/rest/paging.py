"""Cursor pagination: a page of rows, and an opaque cursor for the next page, which begins after the last row."""

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
CURSOR = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"}  # for the OpenAPI document
IDENTIFIER = re.compile(r"[a-z]{3}_[0-9a-z]{1,40}")

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page. `next_cursor`: for the next page; None on the last one."""

    rows: Sequence[Row]
    next_cursor: str | None


@dataclass(frozen=True)
class PageRequest:
    """The request for up to `limit` rows after `after`."""

    limit: int = USUAL
    after: Position | None = None

    @property
    def window(self) -> Window:
        """The rows to query: one more than the page has, which shows whether there is a next page."""
        return Window(self.limit + 1, self.after)

    def cut(self, rows: Sequence[Row], position: Callable[[Row], Position]) -> Page[Row]:
        """Return the page of the rows that were found in the window."""
        shown = rows[: self.limit]
        return Page(shown, encode_cursor(position(shown[-1])) if len(rows) > len(shown) else None)


def page_request(
    limit: Annotated[int, Query(ge=1, le=MOST, description="The maximum number of rows.")] = USUAL,
    cursor: Annotated[
        str | None, WithJsonSchema(CURSOR), Query(description="`next_cursor` of the previous page.")
    ] = None,
) -> PageRequest:
    """Return the requested page. Raises InvalidInput for an invalid cursor."""
    return PageRequest(limit, decode_cursor(cursor) if cursor is not None else None)


WantedPage = Annotated[PageRequest, Depends(page_request)]


def encode_cursor(position: Position) -> str:
    text = f"{position.at.isoformat()} {position.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    """Decode a cursor of `encode_cursor`. Raises InvalidInput for anything else."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        moment, _, identifier = base64.b64decode(padded, b"-_", validate=True).decode("ascii").partition(" ")
        position = Position(datetime.fromisoformat(moment), identifier)
        position.at.astimezone(
            UTC
        )  # the first and the last day have hours in some zones that do not exist in UTC
    except (ValueError, OverflowError, binascii.Error):
        position = None
    if position is None or position.at.tzinfo is None or not IDENTIFIER.fullmatch(position.id):
        hint = "Use next_cursor of the previous page, or omit it to begin at the start."
        raise InvalidInput("This cursor is invalid.", hint=hint, field="cursor")
    return position
