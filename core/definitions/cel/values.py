"""Conversion of values to and from CEL: plain JSON outside, the library's types inside."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum

from core.definitions.cel.library import cel
from core.definitions.cel.tokens import Reference
from core.errors import ExpressionError

DEEPEST = 100  # far below the depth at which the library's recursion overflows the process stack
JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


def to_cel(value: object, depth: int = 0) -> object:
    """Copy a value into the types of the library: dict, list, str, numbers, bool, None, datetime, timedelta.

    Integers beyond 64 bits become floating point, as in most JSON parsers (RFC 8259, section 6). Raises ExpressionError
    for a value nested deeper than 100 levels, of another type, or too large even for floating point.
    """
    if depth > DEEPEST:
        raise ExpressionError(f"A value is nested deeper than {DEEPEST} levels.")
    if isinstance(value, Enum):
        return to_cel(value.value, depth)
    if isinstance(value, int) and not isinstance(value, bool):
        return _whole_number(value)
    if value is None or isinstance(value, (bool, float, timedelta)):
        return value
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, Mapping):
        return {without_surrogates(str(key)): to_cel(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [to_cel(item, depth + 1) for item in value]
    raise ExpressionError(f"A value of type {type(value).__name__} cannot be used in an expression.")


def _whole_number(value: int) -> int | float:
    if -(2**63) <= value < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        raise ExpressionError("A number is too large to calculate with.") from None


def without_surrogates(text: str) -> str:
    """Replace lone surrogates, which JSON can escape but Unicode text cannot contain, by U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def to_plain(value: object) -> JsonValue:
    """Copy a result of the library into values that JSON and PostgreSQL can hold.

    A timestamp becomes ISO 8601 text, a duration `90s` (the JSON form of protobuf), bytes become text. U+0000, which
    PostgreSQL rejects, becomes U+FFFD. Raises ExpressionError for infinity, NaN and bytes that are not UTF-8.
    """
    if isinstance(value, cel.OptionalValue):
        return to_plain(value.value()) if value.has_value() else None
    if isinstance(value, dict):
        # The library does not preserve the order of keys. Unsorted, the same request would look different to its
        # approval.
        plain = {_key(key): to_plain(item) for key, item in value.items()}
        return {key: plain[key] for key in sorted(plain)}
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    return _scalar(value)


def _key(key: object) -> str:
    plain = to_plain(key)
    return plain if isinstance(plain, str) else str(plain).lower()


def _scalar(value: object) -> JsonValue:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, bytes):
        return _decoded(value).replace("\0", "\ufffd")
    raise ExpressionError(f"The result is of type {type(value).__name__}, which is not a value.")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ExpressionError(f"The result is {value}, which is not a number. Does it divide by 0.0?")
    return value


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ExpressionError(
            "The result is bytes that are not UTF-8 text.", hint="Use base64.encode(…)."
        ) from None


def kind_of(value: object) -> str:
    """Return the word people use for the type of a plain value: text, a number, a list, …"""
    kinds: dict[type, str] = {bool: "true or false", str: "text", list: "a list", dict: "a mapping"}
    if value is None:
        return "null"
    return kinds.get(type(value), "a number")


class LazyScope(ABC):
    """A value in a scope that only produces the members an expression uses, such as secrets.

    A base class: to ask whether a value is one costs much less than with a protocol, and is done for each expression.
    """

    @abstractmethod
    def resolve(self, asked: tuple[Reference, ...]) -> Mapping[str, object]:
        """Return the members that the references use. Raises RunbookError if one does not exist."""
