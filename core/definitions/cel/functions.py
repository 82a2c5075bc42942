"""Functions that expressions have beyond the library's own: time zones, and the strings, math and base64 extensions.

The names are those of the CEL standard
(https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions) and of cel-go's extensions;
the library calls these where none of its own overloads matches. Days of the week count from Sunday, and months, days of
the month and days of the year from 0; only `getDate` counts from 1. The library's own versions put the arguments of a
failed call into errors and logs, and some grow a value without bound; these raise errors that reveal no value, and
return at most a million characters.
"""

import functools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from core.definitions.cel.library import EXTENSIONS, cel

_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)")
NO_ZONE = "there is no such time zone: use an IANA name, such as Europe/Berlin, or an offset, such as +02:00"


def zone_of(name: str) -> tzinfo:
    """Return the time zone with an IANA name (`Europe/Berlin`) or an offset (`+02:00`). Raises ValueError."""
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        if int(hours) < 24 and int(minutes) < 60:
            shift = timedelta(hours=int(hours), minutes=int(minutes))
            return timezone(-shift if sign == "-" else shift)
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):  # an unknown name; an invalid one; a directory of names
        raise ValueError(NO_ZONE) from None


def _in_zone(read: Callable[[datetime], int]) -> Callable[..., int]:
    def call(at: object, zone: object) -> int:
        if not isinstance(at, datetime) or not isinstance(zone, str):
            raise TypeError
        return read(at.astimezone(zone_of(zone)))

    return call


def _int(at: object) -> int:
    """Return the whole seconds since 1970 of a timestamp."""
    if not isinstance(at, datetime):
        raise TypeError
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(seconds=1)


def _timestamp(seconds: object) -> datetime:
    """Return the timestamp of whole seconds since 1970."""
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


LONGEST_TEXT = 1_000_000
_LIBRARIES = ("strings", "math", "encoders")
Function = Callable[..., object]


def extra_functions() -> dict[str, Function]:
    """Return the functions by the name they have in expressions, in a new mapping."""
    found = {name: function for library in _LIBRARIES for name, function in EXTENSIONS[library].items()}
    found.update(bool=EXTENSIONS["core"]["bool"], string=_string, replace=_replace, join=_join)
    found.update(TIMES, matches=_matches)
    return {name: _discreet(name, function) for name, function in found.items()}


def _discreet(name: str, function: Function) -> Function:
    @functools.wraps(function)
    def call(*arguments: object) -> object:
        try:
            return function(*arguments)
        except _TooLong:
            reason = f"its result is longer than {LONGEST_TEXT} characters"
        except (ArithmeticError, LookupError, AttributeError, RuntimeError, TypeError, ValueError) as error:
            reason = NO_ZONE if NO_ZONE in error.args else "it does not accept these arguments"
        raise ValueError(f"{name}: {reason}")

    return call


class _TooLong(Exception):
    pass


def _string(value: object) -> str:
    # The library's string() does not accept bool, which the CEL standard requires.
    if isinstance(value, bool):
        return "true" if value else "false"
    raise TypeError


@functools.cache
def _match() -> cel.Program:
    return cel.compile("text.matches(pattern)")


def _matches(text: str, pattern: str) -> object:
    # The library only has the method; its regular expressions take time proportional to the text.
    return _match().execute(cel.Context(variables={"text": text, "pattern": pattern}))


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    times = len(text) + 1 if old == "" else text.count(old)
    if limit >= 0:
        times = min(times, limit)
    if len(text) + times * (len(new) - len(old)) > LONGEST_TEXT:
        raise _TooLong
    return text.replace(old, new, limit)


def _join(items: list[str], separator: str = "") -> str:
    if sum(map(len, items)) + len(items) * len(separator) > LONGEST_TEXT:
        raise _TooLong
    return separator.join(items)
