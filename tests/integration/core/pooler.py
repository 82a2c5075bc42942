"""A pooler before PostgreSQL, as PgBouncer is one: each transaction, or each client, has a session of its own."""

import select
import socket
from contextlib import suppress

from sqlalchemy.engine import make_url

from chaos.postgres_proxy import connected
from chaos.watching import CHUNK, HOST, Listening

READY, IDLE = (
    b"Z",
    b"I",
)  # https://www.postgresql.org/docs/current/protocol-message-formats.html: ReadyForQuery


class Pooler(Listening):
    """`with Pooler(url, by_transaction=True) as pooler: pooler.url`. `in_turn`: the session that was idle longest."""

    def __init__(self, url: str, *, by_transaction: bool, in_turn: bool = False) -> None:
        super().__init__()
        self._server, self._by_transaction, self._in_turn = make_url(url), by_transaction, in_turn
        self._idle: list[socket.socket] = []
        front = self._server.set(host=HOST, port=self.port, query={"sslmode": "disable"})
        self.url = front.render_as_string(hide_password=False)

    def carry(self, client: socket.socket) -> None:
        """The session that a client was let in by is lent to others as any other is."""
        server: socket.socket | None = connected(self._server)
        words = b""
        with client, suppress(OSError):
            while True:
                readable, _, _ = select.select([client, *([server] if server else [])], [], [])
                if client in readable:
                    data = client.recv(CHUNK)
                    if not data:
                        break
                    server = server or self._lend()
                    server.sendall(data)
                if server in readable and server is not None:
                    data = server.recv(CHUNK)
                    client.sendall(data)
                    words = (words + data)[-6:]
                    if self._by_transaction and words[:1] == READY and words[-1:] == IDLE:
                        self._idle.append(server)
                        server = None
        if server is not None:
            server.close()

    def _lend(self) -> socket.socket:
        return self._idle.pop(0 if self._in_turn else -1)

    def __exit__(self, *ended: object) -> None:
        super().__exit__(*ended)  # type: ignore[arg-type]
        for server in self._idle:
            server.close()
