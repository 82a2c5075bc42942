"""The response to an HTTP call as steps see it: bounded, with lower-case header names, parsed as JSON if possible."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from core.io.text import NO_MASK, Excerpt, Mask, without_nul
from core.values.execution import Json

MOST_BYTES = 1_048_576  # of a response that is read; the rest is cut off
ASK_AGAIN_LATER = frozenset({429, 503})  # RFC 6585, section 4; RFC 9110, section 15.6.4
SHOWN = 100  # characters of a body that is not JSON
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True)
class HttpResponse:
    """A response. `headers`: names in lower case, since they are case-insensitive (RFC 9110, section 5.1).

    `json`: null if the body is not JSON, which `is_json` tells. `size`: bytes of the body that were read.
    """

    status: int
    headers: Mapping[str, str]
    text: str
    json: Json
    truncated: bool
    is_json: bool = True
    size: int = 0


def read_response(
    status: int, headers: Mapping[str, str], chunks: Iterable[bytes], mask: Mask = NO_MASK
) -> HttpResponse:
    """Read the body to its end, or as much as is kept. `mask` hides secrets in its text before it is truncated."""
    excerpt, body = Excerpt(mask=mask), bytearray()
    for chunk in chunks:
        excerpt.add(chunk)
        body += chunk
        if len(body) > MOST_BYTES:
            excerpt.cut()
            break
    value, is_json = _json(bytes(body))
    return HttpResponse(
        status,
        {name.lower(): text for name, text in headers.items()},
        excerpt.text(),
        value,
        truncated=len(body) > MOST_BYTES or not excerpt.is_whole,
        is_json=is_json,
        size=len(body),
    )


def _json(body: bytes) -> tuple[Json, bool]:
    """Return the value, and whether the body is JSON that PostgreSQL can store.

    Numbers must be finite and nesting bounded. Unlike people's input, integers beyond 64 bits are accepted as floating
    point (RFC 8259, section 6); if the body cannot be parsed, its text is still available.
    """
    try:
        parsed: Json = json.loads(body, parse_int=_number, parse_float=_finite, parse_constant=_finite)
        return without_nul(parsed), True  # type: ignore[return-value]  # JSON stays JSON
    except (ValueError, RecursionError):
        return None, False


def _number(text: str) -> int | float:
    number = int(text)
    return number if -(2**63) <= number < 2**63 else _finite(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def no_json(response: HttpResponse) -> str:
    """Describe a body that is not JSON: `no JSON (text/html, 24 bytes): <html>…`."""
    if response.size == 0:
        return "no JSON: it has no body"
    kind = response.headers.get("content-type", "").split(";")[0].strip() or "of no stated type"
    size = f"more than {MOST_BYTES:,}" if response.size > MOST_BYTES else f"{response.size:,}"
    text = " ".join(response.text.split())
    first = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    return f"no JSON ({kind}, {size} {'byte' if response.size == 1 else 'bytes'}): {first}"


def retry_after(response: HttpResponse, now: datetime) -> timedelta | None:
    """Return how long the server asks to wait, at most a day; None if it does not.

    RFC 9110, section 10.2.3: seconds, or a date.
    """
    if response.status not in ASK_AGAIN_LATER:
        return None
    asked = response.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(timedelta(seconds=int(asked[:9])), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(asked)
    except (ValueError, IndexError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta(0)), LONGEST_WAIT)
