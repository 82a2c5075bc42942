"""Masking of secrets wherever they surface: as they are, in the encodings used in transport, and in parts.

This is the second line of defence. The first is that a request is never shown with a secret in it
(`core.definitions.secrets`).
"""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from pydantic import JsonValue

from core.definitions.needles import (
    APART,
    FOLD,
    ROUNDS,
    SHORTEST,
    Needle,
    Needles,
    Span,
    View,
    forms_of,
    from_base64,
    from_hex,
    is_address,
    private_parts,
    readable_runs,
    squeezed,
    unescaped,
    utf8,
    with_parts,
)

MASK = "***"
_DEPTH = 2  # levels of base64 or hexadecimal within each other
_DEPTH_OF_LARGE, _LARGE = 1, 65_536  # bytes; what is stored of larger texts is searched again, and deeper
_LARGEST_FORM = 12  # bytes per byte: an escape that was escaped again
MOST_SHAPES = 256  # sets of keys that are remembered
_OWN_TOKEN_BEGINS = b"rbt_"  # the prefix of tokens made by `runbook token create`
_OWN_TOKEN = re.compile(_OWN_TOKEN_BEGINS + rb"[A-Za-z0-9_-]{16,}")
_PADDING = re.compile(rb"(?:=|%3[Dd]){0,2}")


class Masker:
    """Replaces secrets by `***`.

    A secret is found as it is, URL-encoded, escaped for JSON or HTML (each up to four times), in base64 and hexadecimal
    (each up to twice), in UTF-16, wrapped or spaced, in combinations of these, and in part where a text was cut.
    Masking takes time proportional to the length of the text and to the number of secrets.
    """

    def __init__(self, values: Iterable[str]) -> None:
        """Take the secrets. Each long line of a multi-line secret and the private parts of a URL are masked as well."""
        self._values = sorted({part for value in values if value for part in with_parts(value)})
        self._known_keys: dict[tuple[str, ...], dict[str, str]] = {}

    @cached_property
    def longest(self) -> int:
        """The greatest number of bytes that a secret takes up in a text, in any form."""
        return _LARGEST_FORM * max((len(utf8(value)) for value in self._values), default=0)

    def mask(self, text: str) -> str:
        """Return the text with the secrets masked."""
        data = utf8(text)
        spans = self.spans(data)
        return _hidden(data, spans) if spans else text

    def mask_value(self, value: JsonValue) -> JsonValue:
        """Return a copy of a JSON value with the secrets masked, including in keys and numbers.

        A secret that is split over several consecutive texts is found as well.
        """
        hidden = iter(self._mask_all(list(_texts(value))))
        return _rebuilt(value, hidden, self._mask_keys(value))

    def spans(self, data: bytes) -> list[Span]:
        """Return where the secrets are in the UTF-8 bytes, in order and without overlaps."""
        found = set(self._short_spans(data))
        for view in _views(View(data), _DEPTH if len(data) < _LARGE else _DEPTH_OF_LARGE):
            folded = view.data.translate(FOLD)
            for needle in self._needles.possible_in(folded):
                found |= {view.origin(span) for span in needle.spans(folded)}
            if _OWN_TOKEN_BEGINS in view.data:
                found |= {view.origin(match.span()) for match in _OWN_TOKEN.finditer(view.data)}
        return _merged(data, found)

    def _mask_all(self, texts: list[str]) -> list[str]:
        """Mask each text. They are searched as one, which is faster and finds secrets that are split."""
        pieces = [utf8(text) for text in texts]
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
        """Return the masked form of each key. Values of the same shape are masked again and again: it is remembered."""
        keys = tuple(sorted(set(_keys(value))))
        found = self._known_keys.get(keys)
        if found is None:
            found = dict(zip(keys, self._mask_all(list(keys)), strict=True)) if keys else {}
            if len(self._known_keys) >= MOST_SHAPES:
                self._known_keys.clear()
            self._known_keys[keys] = found
        return found

    @cached_property
    def _needles(self) -> Needles:
        found = {}
        for value in self._values:
            if len(value) >= SHORTEST:
                in_parts = not is_address(value) or any(private_parts(value))
                for form in forms_of(value):
                    found[form] = Needle.of(form, in_parts=in_parts)
        return Needles(found.values())

    @cached_property
    def _short(self) -> re.Pattern[bytes] | None:
        short = [re.escape(utf8(value)) for value in self._values if len(value) < SHORTEST]
        sign = rb"[0-9A-Za-z_\x80-\xfe]"
        return re.compile(rb"(?<!%s)(?:%s)(?!%s)" % (sign, b"|".join(short), sign)) if short else None

    def _short_spans(self, data: bytes) -> Iterator[Span]:
        return (match.span() for match in self._short.finditer(data)) if self._short else iter(())


def _views(view: View, depth: int) -> Iterator[View]:
    """Yield the text as it is, and every decoding of it."""
    yield view
    latest = view
    for _ in range(ROUNDS):
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


def _hidden(data: bytes, spans: list[Span]) -> str:
    pieces, after = [], 0
    for start, end in spans:
        pieces.append(data[after:start])
        after = end
    pieces.append(data[after:])
    return MASK.encode().join(pieces).decode("utf-8", "surrogatepass")


def _within(spans: list[Span], first: int, start: int, end: int) -> Iterator[Span]:
    """Yield the spans from index `first` on that overlap the bytes `start` to `end`, relative to `start`."""
    for index in range(first, len(spans)):
        begins, ends = spans[index]
        if begins >= end:
            return
        yield max(begins, start) - start, min(ends, end) - start


def _merged(data: bytes, found: set[Span]) -> list[Span]:
    """Sort the spans and merge those that overlap, extended to whole characters and to the padding of base64."""
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
    """Yield every text in a value, and every number as it is written, in order; not the keys."""
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
