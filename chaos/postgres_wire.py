"""Detect commits in what a client sends to PostgreSQL.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from collections.abc import Iterator

LENGTH_BYTES = 4
STARTUP_PROTOCOL = 3  # the major version; other first messages request encryption or a cancel
WRITES = (b"INSERT", b"UPDATE", b"DELETE", b"WITH")
ENDS = (b"COMMIT", b"END")
BREAKS_OFF = (b"ROLLBACK", b"ABORT")
BEGINS = (b"BEGIN", b"START")

Message = tuple[bytes, bytes]  # its type, and its body


class ClientSide:
    """The client's side of one connection, read chunk by chunk."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_started = False
        self._texts: dict[bytes, bytes] = {}  # by the statement's name
        self._portals: dict[bytes, bytes] = {}
        self._is_open = False  # a transaction

    def commits(self, data: bytes) -> bool:
        """Return whether the client requests a commit with this chunk."""
        self._rest += data
        return any([self._executes(message) for message in self._messages()])  # noqa: C419 every message must be read

    def _messages(self) -> Iterator[Message]:
        while True:
            head = 1 if self._is_started else 0
            if len(self._rest) < head + LENGTH_BYTES:
                return
            end = head + int.from_bytes(self._rest[head : head + LENGTH_BYTES])
            if len(self._rest) < end:
                return
            kind, body = self._rest[:head], self._rest[head + LENGTH_BYTES : end]
            self._rest = self._rest[end:]
            if self._is_started:
                yield kind, body
            else:
                self._is_started = int.from_bytes(body[:2]) == STARTUP_PROTOCOL

    def _executes(self, message: Message) -> bool:
        kind, body = message
        if kind == b"Q":
            return self._ends(body)
        if kind == b"P":
            name, text, _ = body.split(b"\0", 2)
            self._texts[name] = text
        elif kind == b"B":
            portal, name, _ = body.split(b"\0", 2)
            self._portals[portal] = self._texts.get(name, b"")
        elif kind == b"E":
            return self._ends(self._portals.get(body.split(b"\0", 1)[0], b""))
        return False

    def _ends(self, text: bytes) -> bool:
        """Return whether the statement is a COMMIT, or a write outside of a transaction."""
        word = text.lstrip().split(None, 1)[0].rstrip(b";\0").upper() if text.strip(b" \n\0") else b""
        if word in BEGINS:
            self._is_open = True
        elif word in ENDS + BREAKS_OFF:
            self._is_open = False
        return word in ENDS or (word in WRITES and not self._is_open)
