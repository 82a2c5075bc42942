"""JSON as people type it on a line: with spaces, and with the quotes that phones make of `"`. Pure."""

import json
import re
from collections.abc import Iterator

# What opens a text, and what may close it: phones write typographic quotes, and each country its own pair.
CLOSERS = {
    **dict.fromkeys('"“”„‟', '"“”„‟'),
    **dict.fromkeys("'‘’‚", "'‘’‚"),
    "«": "»",
}
BRACKETS = {"[": "]", "{": "}"}
_BEHIND_A_TEXT = re.compile(r"\s*(?:[,:\]}]|\Z)")
_CHARACTER = re.compile(r"\\.|.", re.DOTALL)
_PLAIN = json.JSONDecoder(strict=False)


def json_end(text: str, start: int) -> int | None:
    """Answer where the list or mapping that begins at `start` ends; None where none does, or it is never closed."""
    if text[start : start + 1] not in BRACKETS:
        return None
    try:
        return _PLAIN.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return _balanced_end(text, start)


def plain_json(text: str) -> str:
    """Answer the JSON with plain quotes around its texts, and plain spaces between; what is within a text stays."""
    return "".join(_plain(piece) for piece in _pieces(text, 0))


def _balanced_end(text: str, start: int) -> int | None:
    position, open_ = start, list[str]()
    for piece in _pieces(text, start):
        position += len(piece)
        if piece in BRACKETS:
            open_.append(BRACKETS[piece])
        elif piece in ("]", "}") and piece != open_.pop():
            return None
        if not open_:
            return position
    return None


def _pieces(text: str, start: int) -> Iterator[str]:
    """Texts in their quotes, and every other character by itself."""
    position = start
    while position < len(text):
        end = _text_end(text, position) if text[position] in CLOSERS else position + 1
        yield text[position:end]
        position = end


def _text_end(text: str, start: int) -> int:
    """Behind the quote that closes the one at `start`: what follows it is JSON's. The text's end where none does."""
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
    """A character of a text, or an escape, which JSON would not take there as it is."""
    if len(part) == 2 and part[0] == "\\":
        return part if part[1] in '"\\/bfnrtu' else part[1]
    return json.dumps(part, ensure_ascii=False)[1:-1]
