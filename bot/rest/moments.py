"""Moments in queries."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator
from pydantic_core import PydanticCustomError

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*")


def _refuse_numbers(value: object) -> object:
    """Pydantic takes a number for the seconds since 1970, and a short one for a moment of that year."""
    if isinstance(value, str) and not WRITTEN.fullmatch(value):
        raise PydanticCustomError("moment", "It must be a time with its zone, such as 2026-01-31T00:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Of the first day and of the last one some zones have hours that UTC has not."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "It must be a time between the years 1 and 9999 in UTC") from None


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_numbers), AfterValidator(_in_utc)]
