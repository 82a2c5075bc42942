"""The functions that our CEL has beyond the library's own.

Times in expressions, where the library has less than CEL: in a time zone, and as seconds since 1970.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions says what each answers: days
of the week count from Sunday, months, days of the month and of the year from 0; `getDate` alone counts from 1.

The functions that expressions have besides the library's own: what it lacks of CEL's, and strings, math and base64.

These are as cel-go's extensions name them. The library asks here where none of its own takes the arguments.

The library's own versions put the arguments of a failed call into the error and the log, and some grow a value
without bound. Here they answer a sentence that tells no value, and a text of at most a million characters.
"""

import functools
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from core.definitions.cel.library import EXTENSIONS, cel

_OFFSET = re.compile(r"([+-]?)(\d\d):(\d\d)")
NO_ZONE = "there is no such time zone: write a name of the IANA's, such as Europe/Berlin, or an offset, such as +02:00"


def zone_of(name: str) -> tzinfo:
    """Return the time zone of the IANA's name (`Europe/Berlin`), or of an offset (`+02:00`). Raises ValueError."""
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


LONGEST_TEXT = 1_000_000
_LIBRARIES = ("strings", "math", "encoders")
Function = Callable[..., object]


def extra_functions() -> dict[str, Function]:
    """Return the functions by the name they have in an expression; made anew, so that nobody shares the mapping."""
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
            reason = NO_ZONE if NO_ZONE in error.args else "it takes other arguments"
        raise ValueError(f"{name}: {reason}")

    return call


class _TooLong(Exception):
    pass


def _string(value: object) -> str:
    # The library's string() knows no bool, which CEL's standard definitions have.
    if isinstance(value, bool):
        return "true" if value else "false"
    raise TypeError


@functools.cache
def _match() -> cel.Program:
    return cel.compile("text.matches(pattern)")


def _matches(text: str, pattern: str) -> object:
    # The library has the method alone; its regular expressions take time in proportion to the text.
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
