"""The query of a list: filters and the cursor, as a form of the page sends them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from starlette.datastructures import QueryParams

from bot.rest.paging import USUAL, PageRequest, decode_cursor
from core.errors import InvalidInput

CURSOR = "after"
LONGEST = 200
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class Query:
    """Reads the query's values. An empty one counts as not given, because a form sends all of its fields."""

    params: QueryParams

    def text(self, name: str) -> str | None:
        """Raises InvalidInput for what nothing is called."""
        value = self.params.get(name, "").strip()
        if "\0" in value or len(value) > LONGEST:
            raise InvalidInput(f"{name} must be a text of at most {LONGEST} characters.", field=name)
        return value or None

    def choice(self, name: str, choices: type[Choice]) -> Choice | None:
        """Raises InvalidInput, with the choices, for another value."""
        value = self.text(name)
        if value is None:
            return None
        try:
            return choices(value)
        except ValueError:
            raise InvalidInput(f"{name} must be one of {', '.join(choices)}.", field=name) from None

    def day(self, name: str) -> datetime | None:
        """Return the beginning of the day in UTC. Raises InvalidInput for anything but a date."""
        value = self.text(name)
        if value is None:
            return None
        try:
            if DAY.fullmatch(value):
                return datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            pass
        raise InvalidInput(f"{name} must be a date, such as 2026-01-31.", field=name)

    def period(self) -> tuple[datetime | None, datetime | None]:
        """Return the beginning of the day `since`, and the end of the day `until`."""
        since, until = self.day("since"), self.day("until")
        return since, _next_day(until) if until else None

    def page(self, size: int = USUAL) -> PageRequest:
        """Raises InvalidInput for a cursor that is not ours."""
        cursor = self.params.get(CURSOR)
        return PageRequest(size, decode_cursor(cursor) if cursor else None)


def _next_day(day: datetime) -> datetime:
    try:
        return day + timedelta(days=1)
    except OverflowError:  # the last day that there is
        return day
