"""Text from outside, made fit to be kept: bounded, decoded, without what PostgreSQL refuses."""

import re

KEEP = 16_384  # bytes kept of the head, and as many of the tail
DEEPEST = 100  # levels of nesting in JSON that is kept

# A word that was cut in two is left out, up to this length: half a secret cannot be recognised, and masked.
_WORD = rb"[^\s\"'{}\[\],;&<>]{1,1024}"
_LAST_WORD, _FIRST_WORD = re.compile(_WORD + rb"\Z"), re.compile(rb"\A" + _WORD)


class Excerpt:
    """Collects bytes of any length; keeps the head and the tail."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
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
        """Say that the stream went on behind what was added."""
        self._is_cut = True

    @property
    def is_whole(self) -> bool:
        return self._total == len(self._head) + len(self._tail) and not self._is_cut

    def text(self) -> str:
        """The text; where bytes were left out, a line says how many."""
        head, tail = bytes(self._head), bytes(self._tail)
        if self._total == len(head) + len(tail):
            return readable(_LAST_WORD.sub(b"", head + tail) if self._is_cut else head + tail)
        head, tail = _LAST_WORD.sub(b"", head), _FIRST_WORD.sub(b"", tail)
        tail = _LAST_WORD.sub(b"", tail) if self._is_cut else tail
        left_out = self._total - len(head) - len(tail)
        return f"{readable(head)}\n… {left_out:,} bytes left out …\n{readable(tail)}"


def readable(data: bytes) -> str:
    """Any bytes as text: what is no UTF-8, and NUL (which PostgreSQL's text and jsonb refuse), becomes `\ufffd`."""
    return data.decode("utf-8", errors="replace").replace("\0", "\ufffd")


def without_nul(value: object, depth: int = 0) -> object:
    """A JSON value whose strings PostgreSQL takes. Raises ValueError for one that is nested too deep."""
    if depth > DEEPEST:
        raise ValueError(f"It is nested more than {DEEPEST} levels deep.")
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, list):
        return [without_nul(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {without_nul(name): without_nul(item, depth + 1) for name, item in value.items()}
    return value
