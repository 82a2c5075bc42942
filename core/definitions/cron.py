"""Cron expressions and time zones as people write them. The local times they name, without regard to the zone.

An expression has five fields: minute, hour, day of the month, month, day of the week; also `MON-FRI`, `*/15`, `L` (the
last day), `MON#1` (the first Monday). As in Debian's cron, a day must fit both day fields if one of them begins with
`*`, otherwise one of the two: https://manpages.debian.org/bookworm/cron/crontab.5.en.html.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

LONGEST = 120  # characters
_SIGNS = re.compile(r"[0-9A-Za-z*/,#\- \t]+")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*")
_SOME_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 local times have no zone here
FIELDS = 5


def local_times(cron: str, at: datetime, *, backwards: bool = False) -> Iterator[datetime]:
    """Yield the times that the expression names, without a zone, in order: those after `at`, or those before it.

    It ends if there is none within 50 years. `cron` must be valid, `at` a local time without a zone.
    """
    return CronSim(cron, at, reverse=backwards)


@lru_cache(maxsize=512)
def why_not_cron(cron: str) -> str | None:
    """Return what is wrong with a cron expression, as a sentence; None if nothing is."""
    if len(cron) > LONGEST or not _SIGNS.fullmatch(cron) or len(cron.split()) != FIELDS:
        return "A cron expression has five fields: minute, hour, day of the month, month, day of the week."
    try:
        times = CronSim(cron, _SOME_DAY)
    except CronSimError as error:
        return f"{_as_sentence(error)} in the cron expression."
    except (ValueError, AssertionError, RecursionError):  # what it raises for some nonsense
        return "This is not a cron expression."
    return None if next(times, None) is not None else "There is no such day, so it would never start."


def _as_sentence(error: CronSimError) -> str:
    return f"There is a wrong {str(error).removeprefix('Bad ')}"


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo:
    """Return the time zone with this IANA name. Raises ValueError if there is none."""
    try:
        if len(name) <= LONGEST and _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (ValueError, LookupError, OSError):  # an unknown name; an invalid one; a directory of names
        pass
    raise ValueError(name)


def _check_cron(value: str) -> str:
    if why := why_not_cron(value):
        raise PydanticCustomError("cron", "{why}", {"why": why})
    return value


def _check_zone(value: str) -> str:
    try:
        zone_named(value)
    except ValueError:
        sentence = "{zone} is not the name of a time zone, such as Europe/Berlin or UTC."
        raise PydanticCustomError("zone", sentence, {"zone": value[:LONGEST]}) from None
    return value


CronText = Annotated[str, Field(max_length=LONGEST), AfterValidator(_check_cron)]
ZoneName = Annotated[str, Field(max_length=LONGEST), AfterValidator(_check_zone)]
