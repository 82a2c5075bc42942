"""JSON from other systems and JSON typed by people, bounded before it is parsed.

Python's parser recurses into nested values and accepts numbers that neither CEL nor PostgreSQL can hold (RFC 8259,
section 6, leaves the range to the implementation). People type JSON with spaces, and phones replace `"` with
typographic quotes.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping

from core.errors import InvalidInput

DEEPEST = 64
MOST_NODES = 50_000
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # the range of CEL's int and PostgreSQL's bigint
TEXT = re.compile(
    rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL
)  # also an unclosed one, so that the pattern never backtracks
BRACKETS = re.compile(rb"[\[\]{}]")
OPENING = (b"[", b"{")
DIGITS = re.compile(rb"[0-9]{20,}+")
MOST_DIGITS = 1_000  # no number that is accepted has more; Python refuses to convert many more
NO_TEXT = re.compile("[\0\ud800-\udfff]")

Path = tuple[str, ...]


def count_nodes(raw: bytes) -> int:
    """Estimate the number of values in what may be JSON, in one pass."""
    return sum(map(TEXT.sub(b"", raw).count, (*OPENING, b",")))


def check_shape(raw: bytes) -> None:
    """Check the nesting and the number of values of what may be JSON, before it is parsed.

    Runs in one pass, without recursion. Raises InvalidInput.
    """
    without_texts = TEXT.sub(b"", raw)
    opened = sum(map(without_texts.count, OPENING))
    if opened + without_texts.count(b",") > MOST_NODES:
        raise InvalidInput(f"It contains more than {MOST_NODES:,} values.", hint="Send less.", field="body")
    if max(map(len, DIGITS.findall(without_texts)), default=0) > MOST_DIGITS:
        raise InvalidInput(
            "It contains a number with too many digits.", hint="Write it as text.", field="body"
        )
    if opened > DEEPEST and _depth(without_texts) > DEEPEST:
        raise InvalidInput(
            f"It is nested deeper than {DEEPEST} levels.", hint="Reduce the nesting.", field="body"
        )


def _depth(without_texts: bytes) -> int:
    depth = deepest = 0
    for bracket in BRACKETS.findall(without_texts):
        depth += 1 if bracket in OPENING else -1
        deepest = max(deepest, depth)
    return deepest


def read_json(raw: bytes) -> object:
    """Parse JSON of bounded shape, without values that cannot be stored.

    Raises ValueError if it is not JSON, and InvalidInput, with `field` the path, if it is rejected.
    """
    check_shape(raw)
    value: object = json.loads(raw)
    for path, why in unkeepable(value):
        place = ".".join(path)
        raise InvalidInput(f"{place or 'It'} {why}.", field=place or "body")
    return value


def made_keepable(value: object) -> object:
    """Return a JSON value of bounded depth (`check_shape`) with everything that cannot be stored replaced.

    Invalid characters become U+FFFD, non-finite numbers null, and integers beyond 64 bits text.
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
    """Yield the path of every part of a JSON value that cannot be stored or calculated with, and why. Not recursive."""
    pending: list[tuple[Path, object]] = [((), value)]
    while pending:
        path, part = pending.pop()
        if isinstance(part, dict):
            pending += [(path, key) for key in part]
            pending += [((*path, str(key)), inner) for key, inner in part.items()]
        elif isinstance(part, list):
            pending += [((*path, str(index)), inner) for index, inner in enumerate(part)]
        elif isinstance(part, str) and NO_TEXT.search(part):
            yield path, "contains an invalid character: U+0000, or half of a surrogate pair"
        elif isinstance(part, float) and not math.isfinite(part):
            yield path, "is not a finite number, which JSON cannot represent"
        elif isinstance(part, int) and not SMALLEST <= part <= LARGEST:
            yield path, "is a whole number that does not fit into 64 bits: write it as text"


# The quotes that open a string, and those that may close it. Phones write typographic quotes, which differ by
# country.
CLOSERS = {
    **dict.fromkeys('"“”„‟', '"“”„‟'),
    **dict.fromkeys("'‘’‚", "'‘’‚"),
    "«": "»",
}
CLOSING = {"[": "]", "{": "}"}
_BEHIND_A_TEXT = re.compile(r"\s*(?:[,:\]}]|\Z)")
_CHARACTER = re.compile(r"\\.|.", re.DOTALL)
_PLAIN = json.JSONDecoder(strict=False)


def json_end(text: str, start: int) -> int | None:
    """Return where the list or mapping that begins at `start` ends; None if there is none or it is never closed."""
    if text[start : start + 1] not in CLOSING:
        return None
    try:
        return _PLAIN.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return _balanced_end(text, start)


def plain_json(text: str) -> str:
    """Return the JSON with plain quotes and plain spaces; the contents of strings are unchanged."""
    return "".join(_plain(piece) for piece in _pieces(text, 0))


def _balanced_end(text: str, start: int) -> int | None:
    position, open_ = start, list[str]()
    for piece in _pieces(text, start):
        position += len(piece)
        if piece in CLOSING:
            open_.append(CLOSING[piece])
        elif piece in ("]", "}") and piece != open_.pop():
            return None
        if not open_:
            return position
    return None


def _pieces(text: str, start: int) -> Iterator[str]:
    """Yield each quoted string whole, and every other character by itself."""
    position = start
    while position < len(text):
        end = _text_end(text, position) if text[position] in CLOSERS else position + 1
        yield text[position:end]
        position = end


def _text_end(text: str, start: int) -> int:
    """Return the index after the closing quote, which JSON syntax must follow; the end of the text if unclosed."""
    closers, position = CLOSERS[text[start]], start + 1
    while position < len(text):
        if text[position] == "\\":
            position += 1
        elif text[position] in closers and _BEHIND_A_TEXT.match(text, position + 1):
            return position + 1
        position += 1
    return len(text)


def _plain(piece: str) -> str:
    if piece[0] not in CLOSERS or len(piece) < 2:
        return " " if piece.isspace() else piece
    inner = "".join(map(_escaped, _CHARACTER.findall(piece[1:-1])))
    return f'"{inner}"'


def _escaped(part: str) -> str:
    """Escape a character or an escape of a string where JSON would not accept it as it is."""
    if len(part) == 2 and part[0] == "\\":
        return part if part[1] in '"\\/bfnrtu' else part[1]
    return json.dumps(part, ensure_ascii=False)[1:-1]


_POINTER = re.compile(r"#(?:/.*)?", re.DOTALL)


def pointed(root: Mapping[str, object], reference: str) -> object:
    """Resolve a local `$ref`; None if it leads nowhere."""
    found: object = root
    for part in reference.removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = (
                found[int(name)] if name.isdecimal() and len(name) < 6 and int(name) < len(found) else None
            )
        else:
            found = found.get(name) if isinstance(found, Mapping) else None
    return found if _POINTER.fullmatch(reference) else None
