"""JSON that others sent, on its way in: bounded before it is parsed, and only what can be kept and calculated with.

Python's parser recurses into what is nested, and takes numbers that nothing behind it can hold (RFC 8259, section 6,
leaves to each how large they may be).
"""

import json
import math
import re
from collections.abc import Iterator

from core.errors import InvalidInput

DEEPEST = 64
MOST_NODES = 50_000
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # what CEL and PostgreSQL's bigint hold
TEXT = re.compile(
    rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL
)  # also one that is never closed: no second look
BRACKETS = re.compile(rb"[\[\]{}]")
OPENING = (b"[", b"{")
DIGITS = re.compile(rb"[0-9]{20,}+")
MOST_DIGITS = 1_000  # more than any number has that is read at all; Python refuses to convert many more
NO_TEXT = re.compile("[\0\ud800-\udfff]")

Path = tuple[str, ...]


def count_nodes(raw: bytes) -> int:
    """About how many values are in it, from one pass over what may be JSON."""
    return sum(map(TEXT.sub(b"", raw).count, (*OPENING, b",")))


def check_shape(raw: bytes) -> None:
    """Look at JSON (or what is to be) before it is parsed: how deep it is nested, and how much is in it.

    In one pass, and without recursion. Raises InvalidInput.
    """
    without_texts = TEXT.sub(b"", raw)
    opened = sum(map(without_texts.count, OPENING))
    if opened + without_texts.count(b",") > MOST_NODES:
        raise InvalidInput(f"It has more than {MOST_NODES:,} values in it.", hint="Send less.", field="body")
    if max(map(len, DIGITS.findall(without_texts)), default=0) > MOST_DIGITS:
        raise InvalidInput("A number in it has too many digits.", hint="Write it as text.", field="body")
    if opened > DEEPEST and _depth(without_texts) > DEEPEST:
        raise InvalidInput(
            f"It is nested deeper than {DEEPEST} levels.", hint="Make it flatter.", field="body"
        )


def _depth(without_texts: bytes) -> int:
    depth = deepest = 0
    for bracket in BRACKETS.findall(without_texts):
        depth += 1 if bracket in OPENING else -1
        deepest = max(deepest, depth)
    return deepest


def read_json(raw: bytes) -> object:
    """The value, of bounded shape and with nothing in it that cannot be kept.

    Raises ValueError where it is no JSON, InvalidInput, with `field` the path, where it is refused.
    """
    check_shape(raw)
    value: object = json.loads(raw)
    for path, why in unkeepable(value):
        place = ".".join(path)
        raise InvalidInput(f"{place or 'It'} {why}.", field=place or "body")
    return value


def made_keepable(value: object) -> object:
    """A JSON value of bounded depth (`check_shape`), with what cannot be kept replaced.

    Characters that are none become U+FFFD, numbers that are not finite null, and those that do not fit a text.
    """
    if isinstance(value, str):
        return NO_TEXT.sub("\ufffd", value)
    if isinstance(value, dict):
        return {made_keepable(name): made_keepable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [made_keepable(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not SMALLEST <= value <= LARGEST:
        return str(value)
    return value


def unkeepable(value: object) -> Iterator[tuple[Path, str]]:
    """What cannot be kept or calculated with, wherever it is in a JSON value, and why. Without recursion."""
    pending: list[tuple[Path, object]] = [((), value)]
    while pending:
        path, part = pending.pop()
        if isinstance(part, dict):
            pending += [(path, key) for key in part]
            pending += [((*path, str(key)), inner) for key, inner in part.items()]
        elif isinstance(part, list):
            pending += [((*path, str(index)), inner) for index, inner in enumerate(part)]
        elif isinstance(part, str) and NO_TEXT.search(part):
            yield path, "contains a character that is none: U+0000, or half of a surrogate pair"
        elif isinstance(part, float) and not math.isfinite(part):
            yield path, "is not a finite number, and JSON has no other"
        elif isinstance(part, int) and not SMALLEST <= part <= LARGEST:
            yield path, "is a whole number that does not fit into 64 bits: write it as text"
