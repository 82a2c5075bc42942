"""The search for secrets in a text that may have been encoded.

A text is decoded in every way that transport may have encoded it: escapes (URL, JSON, HTML, and nested ones), base64
and base64url at any alignment, hexadecimal with or without separators, UTF-16. Each decoding can map a match back to
its position in the original text. Every function takes time proportional to its text.
"""

import binascii
import html
import re
import string
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from urllib.parse import urlsplit

Piece = tuple[int, int, int]  # the start, the start in the parent, and the length in the parent
Span = tuple[int, int]

_ESCAPE = re.compile(
    rb"%[0-9A-Fa-f]{2}"
    rb"|&(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
    rb"|\\++(?:u[dD][89abAB][0-9A-Fa-f]{2}\\++u[dD][c-fC-F][0-9A-Fa-f]{2}"
    rb"|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[bfnrt])?"
)
_CONTROL = {ord("b"): b"\b", ord("f"): b"\f", ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t"}
_EVERY_BYTE = bytes(range(256))
_ALPHANUMERIC = (string.ascii_letters + string.digits).encode()
_NOT_ALPHANUMERIC = _EVERY_BYTE.translate(None, _ALPHANUMERIC)
APART = b"\xff"  # not part of any UTF-8 text: separates texts that are searched as one
_LINE_BREAKS, _HEX_SEPARATORS = b"\r\n" + APART, b" \t\r\n:,-" + APART
_READABLE = re.compile(rb"[\t\r\n -~]{8,}|(?:[ -~]\0){4,}|(?:\0[ -~]){4,}")
# A table that makes + of each byte that _READABLE may find, - of any other; and the shortest that it finds.
_POSSIBLE = bytes(ord("+" if chr(byte) in "\0\t\r\n" or 32 <= byte <= 126 else "-") for byte in range(256))
_STRETCH = b"+" * 8


def _digits(known: bytes, zero: bytes, others: Mapping[bytes, bytes]) -> bytes:
    """Return a translation table that keeps the `known` digits, maps `others` to digits, and the rest to `zero`."""
    table = {byte: bytes([byte]) if byte in known else zero for byte in _EVERY_BYTE}
    return b"".join((table | {ord(sign): digit for sign, digit in others.items()}).values())


_BASE64_DIGITS = _digits(_ALPHANUMERIC + b"+/", b"A", {b"-": b"+", b"_": b"/"})
_HEX_DIGITS = _digits(b"0123456789ABCDEFabcdef", b"0", {})


class View:
    """Bytes that were decoded from those of `parent`; without a parent, the original text."""

    def __init__(
        self,
        data: bytes,
        parent: "View | None" = None,
        pieces: Callable[[], list[Piece]] = list,
    ) -> None:
        """`pieces` computes which bytes came from where; it is called only if something was found."""
        self.data, self._parent, self._make_pieces = data, parent, pieces

    @cached_property
    def _pieces(self) -> list[Piece]:
        return self._make_pieces()

    def origin(self, span: Span) -> Span:
        """Return where the bytes of a non-empty span are in the original text."""
        if self._parent is None:
            return span
        return self._parent.origin((self._before(span[0])[0], self._before(span[1] - 1)[1]))

    def _before(self, at: int) -> Span:
        """Return the bytes of the parent from which the byte `at` was decoded."""
        pieces = self._pieces
        index = bisect_right(pieces, at, key=lambda piece: piece[0]) - 1
        start, origin, length = pieces[index]
        end = pieces[index + 1][0] if index + 1 < len(pieces) else len(self.data)
        offset, size = at - start, end - start
        return origin + offset * length // size, origin - (-(offset + 1) * length // size)


def unescaped(view: View) -> View | None:
    """Return the text with one level of escapes undone; None if it has no escapes."""
    if _ESCAPE.search(view.data) is None:
        return None
    data = _ESCAPE.sub(lambda match: _meaning(match[0]), view.data)
    return View(data, view, lambda: list(_replaced(view.data, _ESCAPE, _meaning)))


def unescaped_bytes(data: bytes) -> bytes:
    """Undo one level of escapes, without tracking positions."""
    return _ESCAPE.sub(lambda match: _meaning(match[0]), data)


def _meaning(escape: bytes) -> bytes:
    if escape.startswith(b"%"):
        return bytes([int(escape[1:], 16)])
    if escape.startswith(b"&"):
        return _encoded(html.unescape(escape.decode()))
    tail = escape.lstrip(b"\\")
    if tail.startswith(b"u"):
        units = b"".join(binascii.unhexlify(unit[:4]) for unit in tail.split(b"u")[1:])
        return _encoded(units.decode("utf-16-be", "surrogatepass"))
    if tail.startswith(b"x"):
        return bytes([int(tail[1:], 16)])
    return _CONTROL[tail[0]] if tail else b""


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _replaced(data: bytes, pattern: re.Pattern[bytes], meaning: Callable[[bytes], bytes]) -> Iterator[Piece]:
    """Yield the pieces of `pattern.sub` in `data`."""
    made, after = 0, 0
    for match in pattern.finditer(data):
        if match.start() > after:
            yield made, after, match.start() - after
            made += match.start() - after
        replacement = meaning(match[0])
        if replacement:
            yield made, match.start(), len(match[0])
            made += len(replacement)
        after = match.end()
    if after < len(data):
        yield made, after, len(data) - after


def _without(view: View, unwanted: bytes) -> View:
    """Return the text without these bytes; the same view if it has none of them."""
    data = view.data.translate(None, unwanted)
    if len(data) == len(view.data):
        return view
    return View(data, view, lambda: list(_replaced(view.data, _any_of(unwanted), lambda _: b"")))


@cache
def _any_of(signs: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"[%s]+" % re.escape(signs))


def squeezed(view: View) -> View:
    """Return only the letters and digits, so that wrapped, spaced or quoted text is contiguous again."""
    return _without(view, _NOT_ALPHANUMERIC)


def squeezed_bytes(data: bytes) -> bytes:
    """Return only the letters and digits, without tracking positions."""
    return data.translate(None, _NOT_ALPHANUMERIC)


def readable_runs(view: View) -> View | None:
    """Return the runs of decoded bytes that look like UTF-8 or UTF-16 text, separated; None if there are none."""
    runs = list(_readable_spans(view.data))
    if not runs:
        return None
    data = b"".join(view.data[start:end].replace(b"\0", b"") + APART for start, end in runs)
    return View(data, view, lambda: list(_run_pieces(view.data, runs)))


def _readable_spans(data: bytes) -> Iterator[Span]:
    """Yield what `_READABLE` finds. It looks at stretches of possible bytes alone: most of a decoded text has none."""
    # Decoded padding is zeros. The middle of three is never part of text, so these are no stretches either.
    possible = data.replace(b"\0\0\0", b"\0\xff\0").translate(_POSSIBLE)
    at = possible.find(_STRETCH)
    while at >= 0:
        end = possible.find(b"-", at + len(_STRETCH))
        end = end if end >= 0 else len(data)
        yield from (match.span() for match in _READABLE.finditer(data, at, end))
        at = possible.find(_STRETCH, end)


def _run_pieces(data: bytes, runs: list[Span]) -> Iterator[Piece]:
    made = 0
    for start, end in runs:
        yield made, start, end - start
        made += end - start - data.count(b"\0", start, end)
        yield made, end, 0
        made += len(APART)


def from_base64(view: View) -> Iterator[View]:
    """Yield the text decoded as base64 (either alphabet, lines joined) at each of the four alignments.

    Text that is not base64 is decoded too; the result matches nothing.
    """
    joined = _without(view, _LINE_BREAKS)
    digits = joined.data.translate(_BASE64_DIGITS)
    for shift in range(min(4, len(digits))):
        whole = digits[shift:] + b"AAA"[: -(len(digits) - shift) % 4]
        yield View(binascii.a2b_base64(whole), joined, partial(_in_one, shift, len(whole)))


def from_hex(view: View) -> Iterator[View]:
    """Yield the text decoded as hexadecimal digits, at both alignments."""
    joined = _without(view, _HEX_SEPARATORS)
    if b"0x" in joined.data:
        before, prefix = joined, re.compile(rb"0x")
        joined = View(
            before.data.replace(b"0x", b""),
            before,
            lambda: list(_replaced(before.data, prefix, lambda _: b"")),
        )
    digits = joined.data.translate(_HEX_DIGITS)
    for shift in range(2):
        length = (len(digits) - shift) & ~1
        whole = digits[shift : shift + length] if length > 0 else b""
        yield View(binascii.unhexlify(whole), joined, partial(_in_one, shift, length))


def _in_one(origin: int, length: int) -> list[Piece]:
    return [(0, origin, length)]


SHORTEST = 4  # shorter secrets are masked only as whole words: they occur within many others
# At least a third of a secret, at its beginning or end, is masked too, within these bounds.
SHORTEST_PART, LONGEST_PART = 8, 16
ROUNDS = 4  # of nested escapes
FOLD = bytes.maketrans(
    b"\b\f\n\r\t+", b"bfnrt "
)  # an escape and its letter are treated as the same, and so are + and a space
_LONG_LINE = 16
_LONG_PATH = 8
_SHORTEST_SQUEEZED = 8
_SHORTEST_WITH_WORD = 7  # bytes that contain four bytes at a multiple of four, wherever they are


@dataclass(frozen=True)
class Needle:
    """A byte string to search for: `head` or `tail` of `whole`, extended by as much of it as matches."""

    whole: bytes
    head: bytes
    tail: bytes

    @classmethod
    def of(cls, value: bytes, *, in_parts: bool) -> "Needle":
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


class Needles:
    """All needles, with an index of those that a text may contain.

    Every fourth group of four bytes of a text is looked up. Any needle of seven bytes or more contains such a group, so
    a text costs the same with a hundred secrets as with one.
    """

    def __init__(self, needles: Iterable[Needle]) -> None:
        self._always: list[Needle] = []
        self._by_word: dict[int, set[Needle]] = {}
        for needle in needles:
            if len(needle.head) < _SHORTEST_WITH_WORD:
                self._always.append(needle)
                continue
            for part in (needle.head, needle.tail):
                for word in {word for shift in range(4) for word in _words(part[shift : shift + 4])}:
                    self._by_word.setdefault(word, set()).add(needle)

    def possible_in(self, data: bytes) -> set[Needle]:
        words = self._by_word.keys() & _words(data) if self._by_word else ()
        return {*self._always, *(needle for word in words for needle in self._by_word[word])}


def _words(data: bytes) -> memoryview:
    return memoryview(data[: len(data) & ~3]).cast("I")


def _agreeing(data: bytes, wanted: bytes) -> int:
    """Return the length of the common prefix, found by bisection."""
    low, high = 0, min(len(data), len(wanted))
    while low < high:
        middle = (low + high + 1) // 2
        if data[low:middle] == wanted[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def forms_of(value: str) -> Iterator[bytes]:
    """Yield a value as it appears in each decoding; escapes in the value itself are undone there as well."""
    yield from (value.encode(form, "surrogatepass").translate(FOLD) for form in ("utf-16-le", "utf-16-be"))
    form = utf8(value)
    for _ in range(ROUNDS + 1):
        if len(form) >= SHORTEST:
            yield form.translate(FOLD)
        latest, form = form, unescaped_bytes(form)
        if form == latest:
            break
    tight = squeezed_bytes(form)
    if len(tight) >= _SHORTEST_SQUEEZED:
        yield tight


def with_parts(value: str) -> Iterator[str]:
    yield value
    if "\n" in value:
        yield from (line for line in value.splitlines() if len(line) >= _LONG_LINE)
    if is_address(value):
        yield from private_parts(value)


def is_address(value: str) -> bool:
    """Return whether it is a URL. Its scheme and host alone are not secret."""
    return re.match(r"[a-z][a-z0-9+.-]{1,20}://", value) is not None


def private_parts(address: str) -> Iterator[str]:
    """Yield the user and password of a URL, and its path and query if they are long enough to be a key."""
    try:
        parts = urlsplit(address)
        yield from filter(None, (parts.password, parts.netloc.rpartition("@")[0]))
    except ValueError:
        return
    yield from (part for part in (parts.path, parts.query) if len(part.strip("/")) >= _LONG_PATH)


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
