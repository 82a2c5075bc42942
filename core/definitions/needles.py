"""What a Masker looks for: the forms of a secret, and in a text as much of each as is there."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.definitions.encodings import Span, squeezed_bytes, unescaped_bytes

SHORTEST = 4  # shorter ones are hidden only where they stand alone: they occur in every other word
# Of a secret a third or more, at its beginning or its end, is hidden too; so long a part at least, and at most.
SHORTEST_PART, LONGEST_PART = 8, 16
ROUNDS = 4  # of escapes within escapes
FOLD = bytes.maketrans(b"\b\f\n\r\t+", b"bfnrt ")  # an escape and its letter are one, so is + for a space
_LONG_LINE = 16
_LONG_PATH = 8
_SHORTEST_SQUEEZED = 8
_SHORTEST_WITH_WORD = 7  # bytes that have four beginning at a multiple of four, wherever they stand


@dataclass(frozen=True)
class Needle:
    """What is looked for: `head` or `tail` of `whole`, and from there on as much of it as is there."""

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
    """All needles, and which of them a text may have.

    Of a text every fourth group of four bytes is looked at. Whatever has seven bytes or more has one of those in it,
    so that a text costs as much with a hundred secrets as with one.
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
    """How many bytes both begin with; found by halving."""
    low, high = 0, min(len(data), len(wanted))
    while low < high:
        middle = (low + high + 1) // 2
        if data[low:middle] == wanted[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def forms_of(value: str) -> Iterator[bytes]:
    """A value as it stands in those ways of reading: its own escapes are undone there too."""
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
    """Whether it is a URL: of one, scheme and host are no secret by themselves."""
    return re.match(r"[a-z][a-z0-9+.-]{1,20}://", value) is not None


def private_parts(address: str) -> Iterator[str]:
    """Who calls with which password, and path and query where they are long enough to be a key."""
    try:
        parts = urlsplit(address)
        yield from filter(None, (parts.password, parts.netloc.rpartition("@")[0]))
    except ValueError:
        return
    yield from (part for part in (parts.path, parts.query) if len(part.strip("/")) >= _LONG_PATH)


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
