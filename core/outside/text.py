"""Text from outside, made fit to be kept: bounded, decoded, without what PostgreSQL refuses."""

KEEP = 16_384  # bytes kept of the head, and as many of the tail


class Excerpt:
    """Collects bytes of any length; keeps the head and the tail."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0

    def add(self, data: bytes) -> None:
        self._total += len(data)
        room = self._keep - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        del self._tail[: -self._keep]

    @property
    def is_whole(self) -> bool:
        return self._total == len(self._head) + len(self._tail)

    def text(self) -> str:
        """The text; where bytes were left out, a line says how many."""
        if self.is_whole:
            return readable(bytes(self._head + self._tail))
        left_out = self._total - len(self._head) - len(self._tail)
        return (
            f"{readable(bytes(self._head))}\n… {left_out:,} bytes left out …\n{readable(bytes(self._tail))}"
        )


def readable(data: bytes) -> str:
    """Any bytes as text: what is no UTF-8, and NUL (which PostgreSQL's text and jsonb refuse), becomes `\ufffd`."""
    return data.decode("utf-8", errors="replace").replace("\0", "\ufffd")


def without_nul(value: object) -> object:
    """A JSON value whose strings PostgreSQL takes."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {without_nul(name): without_nul(item) for name, item in value.items()}
    return value
