"""Hiding secrets wherever they surface: as they are, in the forms that transport gives them, and in parts.

This is the second net. The first is that a request is never shown with a secret in it (`core.definitions.secrets`).
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from core.definitions.cel_values import JsonValue
from core.definitions.encodings import (
    APART,
    Span,
    View,
    from_base64,
    from_hex,
    readable_runs,
    squeezed,
    squeezed_bytes,
    unescaped,
    unescaped_bytes,
)

MASK = "***"
SHORTEST = 4  # shorter ones are hidden only where they stand alone: they occur in every other word
SHORTEST_PART, LONGEST_PART = (
    8,
    16,
)  # where a third of the secret or more begins or ends a text, that is hidden too
_LONG_LINE = 16
_LONG_PATH = 8
_SHORTEST_SQUEEZED = 8
_SHORTEST_WITH_WORD = 7  # bytes that have four beginning at a multiple of four, wherever they stand
_ROUNDS = 4  # of escapes within escapes
_DEPTH = 2  # of base64 or hexadecimal within each other
_DEPTH_OF_LARGE, _LARGE = 1, 65_536  # bytes; what is kept of larger ones is searched once more, and deeper
_LARGEST_FORM = 12  # bytes for a byte: an escape that was escaped again
_FOLD = bytes.maketrans(b"\b\f\n\r\t+", b"bfnrt ")  # an escape and its letter are one, so is + for a space
_OWN_TOKEN_BEGINS = b"rbt_"  # what `runbook token create` makes
_OWN_TOKEN = re.compile(_OWN_TOKEN_BEGINS + rb"[A-Za-z0-9_-]{16,}")
_PADDING = re.compile(rb"(?:=|%3[Dd]){0,2}")


@dataclass(frozen=True)
class _Needle:
    """What is looked for: `head` or `tail` of `whole`, and from there on as much of it as is there."""

    whole: bytes
    head: bytes
    tail: bytes

    @classmethod
    def of(cls, value: bytes, *, in_parts: bool) -> "_Needle":
        size = min(LONGEST_PART, max(SHORTEST_PART, len(value) // 3))
        size = size if in_parts and len(value) >= 2 * SHORTEST_PART else len(value)
        return cls(value, value[:size], value[len(value) - size :])

    def spans(self, data: bytes) -> Iterator[Span]:
        at = data.find(self.head)
        while at >= 0:
            end = at + _agreeing(data[at : at + len(self.whole)], self.whole)
            yield at, end
            at = data.find(self.head, end)
        at = data.find(self.tail) if len(self.tail) < len(self.whole) else -1
        while at >= 0:
            end = at + len(self.tail)
            before = data[max(0, end - len(self.whole)) : end]
            yield end - _agreeing(before[::-1], self.whole[::-1]), end
            at = data.find(self.tail, end)


class _Needles:
    """All needles, and which of them a text may have.

    Of a text every fourth group of four bytes is looked at. Whatever has seven bytes or more has one of those in it,
    so that a text costs as much with a hundred secrets as with one.
    """

    def __init__(self, needles: Iterable[_Needle]) -> None:
        self._always: list[_Needle] = []
        self._by_word: dict[int, set[_Needle]] = {}
        for needle in needles:
            if len(needle.head) < _SHORTEST_WITH_WORD:
                self._always.append(needle)
                continue
            for part in (needle.head, needle.tail):
                for word in {word for shift in range(4) for word in _words(part[shift : shift + 4])}:
                    self._by_word.setdefault(word, set()).add(needle)

    def possible_in(self, data: bytes) -> set[_Needle]:
        words = self._by_word.keys() & _words(data) if self._by_word else ()
        return {*self._always, *(needle for word in words for needle in self._by_word[word])}


def _words(data: bytes) -> memoryview:
    return memoryview(data[: len(data) & ~3]).cast("I")


def _agreeing(data: bytes, wanted: bytes) -> int:
    """How many bytes both begin with; found by halving."""
    low, high = 0, min(len(data), len(wanted))
    while low < high:
        middle = (low + high + 1) // 2
        if data[low:middle] == wanted[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class Masker:
    """Replaces secrets by `***`.

    Found are, also within each other: the value itself, URL-encoded, escaped for JSON or HTML (each up to four times),
    base64 and hexadecimal (each up to twice), UTF-16, wrapped or spaced, and parts of it as where a text was cut. A
    text of n bytes takes time in proportion to n and to the number of secrets.
    """

    def __init__(self, values: Iterable[str]) -> None:
        """Take the secrets. Of one with several lines each long line is hidden too, of an address its private parts."""
        self._values = sorted({part for value in values if value for part in _with_parts(value)})

    @cached_property
    def longest(self) -> int:
        """The most bytes that a secret takes up in a text, whatever its form."""
        return _LARGEST_FORM * max((len(_bytes(value)) for value in self._values), default=0)

    def mask(self, text: str) -> str:
        """Answer the text without the secrets."""
        data = _bytes(text)
        spans = self.spans(data)
        return _hidden(data, spans) if spans else text

    def mask_value(self, value: JsonValue) -> JsonValue:
        """Answer a copy of a JSON value without the secrets, in keys and numbers too.

        A secret that is split over several texts which follow each other is found as well.
        """
        hidden = iter(self._mask_all(list(_texts(value))))
        return _rebuilt(value, hidden, self._mask_keys(value))

    def spans(self, data: bytes) -> list[Span]:
        """Answer where the secrets stand in UTF-8, in order; no two overlap."""
        found = set(self._short_spans(data))
        for view in _views(View(data), _DEPTH if len(data) < _LARGE else _DEPTH_OF_LARGE):
            folded = view.data.translate(_FOLD)
            for needle in self._needles.possible_in(folded):
                found |= {view.origin(span) for span in needle.spans(folded)}
            if _OWN_TOKEN_BEGINS in view.data:
                found |= {view.origin(match.span()) for match in _OWN_TOKEN.finditer(view.data)}
        return _merged(data, found)

    def _mask_all(self, texts: list[str]) -> list[str]:
        """Each text masked; they are searched as one, so that it is done once, and finds what is split."""
        pieces = [_bytes(text) for text in texts]
        spans = self.spans(APART.join(pieces))
        if not spans:
            return texts
        masked, start, first = [], 0, 0
        for text, piece in zip(texts, pieces, strict=True):
            end = start + len(piece)
            while first < len(spans) and spans[first][1] <= start:
                first += 1
            inside = list(_within(spans, first, start, end))
            masked.append(_hidden(piece, inside) if inside else text)
            start = end + len(APART)
        return masked

    def _mask_keys(self, value: JsonValue) -> dict[str, str]:
        keys = sorted(set(_keys(value)))
        return dict(zip(keys, self._mask_all(keys), strict=True)) if keys else {}

    @cached_property
    def _needles(self) -> _Needles:
        found = {}
        for value in self._values:
            if len(value) >= SHORTEST:
                in_parts = not _is_address(value) or any(_private_parts(value))
                for form in _forms(value):
                    found[form] = _Needle.of(form, in_parts=in_parts)
        return _Needles(found.values())

    @cached_property
    def _short(self) -> re.Pattern[bytes] | None:
        short = [re.escape(_bytes(value)) for value in self._values if len(value) < SHORTEST]
        sign = rb"[0-9A-Za-z_\x80-\xfe]"
        return re.compile(rb"(?<!%s)(?:%s)(?!%s)" % (sign, b"|".join(short), sign)) if short else None

    def _short_spans(self, data: bytes) -> Iterator[Span]:
        return (match.span() for match in self._short.finditer(data)) if self._short else iter(())


def _views(view: View, depth: int) -> Iterator[View]:
    """The text as it is, and every way in which it can be read."""
    yield view
    latest = view
    for _ in range(_ROUNDS):
        further = unescaped(latest)
        if further is None:
            break
        latest = further
        yield latest
    tight = squeezed(latest)
    if tight is not latest:
        yield tight
    for decoded in (*from_base64(latest), *from_hex(latest)) if depth else ():
        yield decoded
        text = readable_runs(decoded) if depth > 1 else None
        if text is not None:
            yield from _views(text, depth - 1)


def _forms(value: str) -> Iterator[bytes]:
    """A value as it stands in those ways of reading: its own escapes are undone there too."""
    yield from (value.encode(form, "surrogatepass").translate(_FOLD) for form in ("utf-16-le", "utf-16-be"))
    form = _bytes(value)
    for _ in range(_ROUNDS + 1):
        if len(form) >= SHORTEST:
            yield form.translate(_FOLD)
        latest, form = form, unescaped_bytes(form)
        if form == latest:
            break
    tight = squeezed_bytes(form)
    if len(tight) >= _SHORTEST_SQUEEZED:
        yield tight


def _with_parts(value: str) -> Iterator[str]:
    yield value
    if "\n" in value:
        yield from (line for line in value.splitlines() if len(line) >= _LONG_LINE)
    if _is_address(value):
        yield from _private_parts(value)


def _is_address(value: str) -> bool:
    """Whether it is a URL: of one, scheme and host are no secret by themselves."""
    return re.match(r"[a-z][a-z0-9+.-]{1,20}://", value) is not None


def _private_parts(address: str) -> Iterator[str]:
    """Who calls with which password, and path and query where they are long enough to be a key."""
    try:
        parts = urlsplit(address)
        yield from filter(None, (parts.password, parts.netloc.rpartition("@")[0]))
    except ValueError:
        return
    yield from (part for part in (parts.path, parts.query) if len(part.strip("/")) >= _LONG_PATH)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _hidden(data: bytes, spans: list[Span]) -> str:
    pieces, after = [], 0
    for start, end in spans:
        pieces.append(data[after:start])
        after = end
    pieces.append(data[after:])
    return MASK.encode().join(pieces).decode("utf-8", "surrogatepass")


def _within(spans: list[Span], first: int, start: int, end: int) -> Iterator[Span]:
    """Those from the `first` on that reach into the bytes from `start` to `end`, counted from `start`."""
    for index in range(first, len(spans)):
        begins, ends = spans[index]
        if begins >= end:
            return
        yield max(begins, start) - start, min(ends, end) - start


def _merged(data: bytes, found: set[Span]) -> list[Span]:
    """In order, those that overlap as one, none of them within a character, and with the padding of base64."""
    merged: list[Span] = []
    for start, end in sorted(_whole_characters(data, span) for span in found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _whole_characters(data: bytes, span: Span) -> Span:
    start, end = span
    padding = _PADDING.match(data, end)
    end = padding.end() if padding else end
    while start > 0 and data[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return start, end


def _texts(value: JsonValue) -> Iterator[str]:
    """Every text of a value, and every number as it is written, in order; keys are not among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None and not isinstance(value, bool):
        yield json.dumps(value)


def _keys(value: JsonValue) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(item)


def _rebuilt(value: JsonValue, hidden: Iterator[str], keys: dict[str, str]) -> JsonValue:
    if isinstance(value, str):
        return next(hidden)
    if isinstance(value, dict):
        return {keys[key]: _rebuilt(item, hidden, keys) for key, item in value.items()}
    if isinstance(value, list):
        return [_rebuilt(item, hidden, keys) for item in value]
    if value is None or isinstance(value, bool):
        return value
    return value if next(hidden) == json.dumps(value) else MASK
