"""Durations as people write them (`15m`, `1h30m`) and as people read them (`1 h 30 min`)."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from core.errors import InvalidInput

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_FOR_PEOPLE = {"d": "d", "h": "h", "m": "min", "s": "s", "ms": "ms"}
_PART = re.compile(r"([0-9]{1,9})(ms|[dhms])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
LONGEST = timedelta(days=366)
HOW_TO_WRITE = "Write a number with its unit (ms, s, m, h, d), such as 30s, 15m or 1h30m."


def parse_duration(text: str) -> timedelta:
    """Read `15m`, `1h30m`, `250ms`: numbers with the units ms, s, m, h, d, the largest unit first.

    Raises InvalidInput for anything else, and for more than 366 days.
    """
    if not _WHOLE.fullmatch(text):
        raise InvalidInput(f"{text!r} is not a duration.", hint=HOW_TO_WRITE)
    parts = _PART.findall(text)
    order = [list(_UNITS).index(unit) for _, unit in parts]
    if order != sorted(set(order)):
        raise InvalidInput(
            f"{text!r} is not a duration: use each unit once, the largest first.", hint=HOW_TO_WRITE
        )
    total = sum((_scaled(int(number), unit) for number, unit in parts), timedelta())
    if total > LONGEST:
        raise InvalidInput(f"{text!r} is too long: the longest duration is {LONGEST.days}d.")
    return total


def _scaled(number: int, unit: str) -> timedelta:
    # A number far beyond the longest duration would overflow timedelta before it could be rejected.
    return _UNITS[unit] * min(number, LONGEST // _UNITS[unit] + 1)


def write_duration(duration: timedelta) -> str:
    """Write a duration as `parse_duration` reads it: `1h30m`; zero is `0s`; less than 1 ms is dropped."""
    return "".join(f"{number}{unit}" for number, unit in _parts(duration)) or "0s"


def format_duration(duration: timedelta) -> str:
    """Format a duration for people: `1 h 30 min`, `2 d`, `350 ms`.

    Milliseconds are dropped from one second on, and seconds from one day on.
    """
    step = timedelta(milliseconds=1)
    if abs(duration) >= timedelta(days=1):
        step = timedelta(minutes=1)
    elif abs(duration) >= timedelta(seconds=1):
        step = timedelta(seconds=1)
    sign = "-" if duration < timedelta() else ""
    parts = _parts(abs(duration) // step * step)
    return sign + (" ".join(f"{number} {_FOR_PEOPLE[unit]}" for number, unit in parts) or "0 s")


def _parts(duration: timedelta) -> list[tuple[int, str]]:
    parts = []
    for unit, size in _UNITS.items():
        number, duration = divmod(duration, size)
        if number:
            parts.append((number, unit))
    return parts


def _validate(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        written = "Nothing" if value is None else repr(value)
        raise PydanticCustomError(
            "duration", "{value} is not a duration. {hint}", {"value": written, "hint": HOW_TO_WRITE}
        )
    try:
        return parse_duration(value)
    except InvalidInput as error:
        raise PydanticCustomError("duration", "{sentence}", {"sentence": str(error)}) from error


def _refuse_zero(value: timedelta) -> timedelta:
    if value <= timedelta():
        raise PydanticCustomError("duration", "The duration must be longer than zero. Give at least 1ms.")
    return value


def _refuse_less_than_a_second(value: timedelta) -> timedelta:
    if value < timedelta(seconds=1):
        raise PydanticCustomError("duration", "The duration must be at least 1s.")
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_validate),
    PlainSerializer(write_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_WHOLE.pattern}$", "examples": ["30s", "15m", "1h30m"]}),
]
PositiveDuration = Annotated[Duration, AfterValidator(_refuse_zero)]
SecondOrMore = Annotated[Duration, AfterValidator(_refuse_less_than_a_second)]
