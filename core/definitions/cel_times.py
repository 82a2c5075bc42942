"""Times in expressions, where the library has less than CEL: in a time zone, and as seconds since 1970.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions says what each answers: days
of the week count from Sunday, months, days of the month and of the year from 0; `getDate` alone counts from 1.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)")
NO_ZONE = "there is no such time zone: write a name of the IANA's, such as Europe/Berlin, or an offset, such as +02:00"


def zone_of(name: str) -> tzinfo:
    """Answer the time zone of the IANA's name (`Europe/Berlin`), or of an offset (`+02:00`). Raises ValueError."""
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        if int(hours) < 24 and int(minutes) < 60:
            shift = timedelta(hours=int(hours), minutes=int(minutes))
            return timezone(-shift if sign == "-" else shift)
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):  # no such name; none that may be; a folder of names
        raise ValueError(NO_ZONE) from None


def _in_zone(read: Callable[[datetime], int]) -> Callable[..., int]:
    def call(at: object, zone: object) -> int:
        if not isinstance(at, datetime) or not isinstance(zone, str):
            raise TypeError
        return read(at.astimezone(zone_of(zone)))

    return call


def _int(at: object) -> int:
    """Of a timestamp: the whole seconds since 1970."""
    if not isinstance(at, datetime):
        raise TypeError
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(seconds=1)


def _timestamp(seconds: object) -> datetime:
    """Of whole seconds since 1970."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise TypeError
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)


_READ: Mapping[str, Callable[[datetime], int]] = {
    "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getFullYear": lambda at: at.year,
    "getHours": lambda at: at.hour,
    "getMilliseconds": lambda at: at.microsecond // 1000,
    "getMinutes": lambda at: at.minute,
    "getMonth": lambda at: at.month - 1,
    "getSeconds": lambda at: at.second,
}
TIMES: Mapping[str, Callable[..., object]] = {
    **{name: _in_zone(read) for name, read in _READ.items()},
    "int": _int,
    "timestamp": _timestamp,
}
