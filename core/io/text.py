"""Text from outside, prepared for storage: bounded, decoded, without characters that PostgreSQL rejects."""

import re
from collections.abc import Sequence
from typing import Protocol

KEEP = 16_384  # bytes kept of the head, and the same of the tail
DEEPEST = 100  # levels of nesting in stored JSON

HIDDEN = b"***"

LONGEST_WORD = 1024  # up to this length, a word cut in two is dropped, since it would be misread
_WORD = rb"[^\s\"'{}\[\],;&<>]{1,1024}"
_LAST_WORD, _FIRST_WORD = re.compile(_WORD + rb"\Z"), re.compile(rb"\A" + _WORD)


Span = tuple[int, int]


class Mask(Protocol):
    """Hides secrets; implemented by core.definitions.masking.Masker."""

    @property
    def longest(self) -> int:
        """The greatest number of bytes that a secret takes up in a text, in any form."""

    def spans(self, data: bytes) -> Sequence[Span]:
        """Return where the secrets are, in order and without overlaps."""


class _NoMask:
    longest = 0

    def spans(self, data: bytes) -> Sequence[Span]:  # noqa: ARG002 as in Mask
        return ()


NO_MASK: Mask = _NoMask()


class Excerpt:
    """Collects bytes of any length, and keeps the head and the tail.

    Secrets are searched for before truncation: beyond each cut, as many bytes are kept as the longest secret takes up.
    """

    def __init__(self, keep: int = KEEP, mask: Mask = NO_MASK) -> None:
        self._shown, self._mask = keep, mask
        self._keep = keep + mask.longest
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self._is_cut = False

    def add(self, data: bytes) -> None:
        self._total += len(data)
        room = self._keep - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        del self._tail[: -self._keep]

    def cut(self) -> None:
        """Mark that the stream continued after what was added."""
        self._is_cut = True

    @property
    def is_whole(self) -> bool:
        return self._total <= 2 * self._shown and not self._is_cut

    def text(self) -> str:
        """Return the text; a line says how many bytes were left out, if any."""
        head, tail = bytes(self._head), bytes(self._tail)
        end = (
            self._total - self._mask.longest if self._is_cut else self._total
        )  # the last bytes may be half of a secret
        if self._total <= 2 * self._shown:
            whole = _Masked(head + tail, self._mask)
            return readable(without_last_word(whole.upto(end)) if self._is_cut else whole.upto(end))
        first = without_last_word(self._masked_head(head, tail).upto(self._shown))
        last, start = self._masked_tail(head, tail)
        kept = last.between(self._total - self._shown - start, end - start)
        kept = without_first_word(without_last_word(kept) if self._is_cut else kept)
        left_out = self._total - len(first) - len(kept)
        return f"{readable(first)}\n… {left_out:,} bytes left out …\n{readable(kept)}"

    def _masked_head(self, head: bytes, tail: bytes) -> "_Masked":
        joined = head + tail if self._total == len(head) + len(tail) else head
        return _Masked(joined, self._mask)

    def _masked_tail(self, head: bytes, tail: bytes) -> "tuple[_Masked, int]":
        """Return the masked tail, and where it begins in the stream."""
        joined = head + tail if self._total == len(head) + len(tail) else tail
        return _Masked(joined, self._mask), self._total - len(joined)


def excerpt_of(data: bytes, mask: Mask = NO_MASK) -> str:
    """Return what is kept of complete data."""
    excerpt = Excerpt(mask=mask)
    excerpt.add(data)
    return excerpt.text()


class _Masked:
    """Masked bytes, addressed by their positions before masking."""

    def __init__(self, data: bytes, mask: Mask) -> None:
        self._data, self._spans = data, mask.spans(data)

    def upto(self, end: int) -> bytes:
        return self.between(0, end)

    def between(self, start: int, end: int) -> bytes:
        pieces, after = list[bytes](), max(start, 0)
        for begins, ends in self._spans:
            if begins >= end:
                break
            if ends > after:
                pieces += [self._data[after:begins], HIDDEN]
                after = ends
        return b"".join([*pieces, self._data[after : max(end, after)] if after < end else b""])


def without_last_word(data: bytes) -> bytes:
    return data[: -LONGEST_WORD - 1] + _LAST_WORD.sub(b"", data[-LONGEST_WORD - 1 :])


def without_first_word(data: bytes) -> bytes:
    return _FIRST_WORD.sub(b"", data)


def readable(data: bytes) -> str:
    """Decode any bytes: invalid UTF-8, and NUL (which PostgreSQL's text and jsonb reject), become `\ufffd`."""
    return data.decode("utf-8", errors="replace").replace("\0", "\ufffd")


def without_nul(value: object, depth: int = 0) -> object:
    """Return a JSON value whose strings PostgreSQL accepts. Raises ValueError if it is nested too deeply."""
    if depth > DEEPEST:
        raise ValueError(f"It is nested more than {DEEPEST} levels deep.")
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, list):
        return [without_nul(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {without_nul(name): without_nul(item, depth + 1) for name, item in value.items()}
    return value
