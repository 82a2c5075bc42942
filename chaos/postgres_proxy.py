"""A proxy in front of PostgreSQL that drops connections in the middle of a COMMIT, on request."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.engine import URL, make_url

from chaos.postgres_wire import ClientSide
from chaos.watching import CHUNK, HOST, Listening

# `unsent`: the COMMIT never reaches the server. `unanswered`: the server commits, but its answer is lost.
Cut = Literal["unsent", "unanswered"]


@dataclass
class Pair:
    """A client's connection and the matching one to the server. `is_mute`: answers are dropped."""

    client: socket.socket
    server: socket.socket
    is_mute: bool = False
    words: ClientSide = field(default_factory=ClientSide)

    def close(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class PostgresProxy(Listening):
    """Used as `with PostgresProxy(url) as proxy: proxy.url`. Cut connections are simply closed."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._server = make_url(url)
        self._planned: list[Cut] = []
        self._lock = threading.Lock()
        front = self._server.set(host=HOST, port=self.port, query={"sslmode": "disable"})
        self.url = front.render_as_string(hide_password=False)

    def cut(self, *cuts: Cut) -> None:
        """Apply these cuts to the next commits of any client."""
        with self._lock:
            self._planned.extend(cuts)

    @property
    def left(self) -> int:
        """How many cuts are still pending."""
        return len(self._planned)

    def spare(self) -> None:
        """Drop the pending cuts."""
        with self._lock:
            self._planned.clear()

    def carry(self, client: socket.socket) -> None:
        with client, suppress(OSError), connected(self._server) as server:
            pair = Pair(client, server)
            back = threading.Thread(target=_bring_back, args=(pair,), daemon=True)
            back.start()
            self._bring(pair)
            pair.close()
            back.join()

    def _bring(self, pair: Pair) -> None:
        with suppress(OSError):
            while data := pair.client.recv(CHUNK):
                cut = self._taken() if pair.words.commits(data) and self._planned else None
                if cut == "unsent":
                    return
                pair.is_mute = cut == "unanswered"
                pair.server.sendall(data)

    def _taken(self) -> Cut | None:
        with self._lock:
            return self._planned.pop(0) if self._planned else None


def _bring_back(pair: Pair) -> None:
    with suppress(OSError):
        while data := pair.server.recv(CHUNK):
            if pair.is_mute:
                break
            pair.client.sendall(data)
    pair.close()


def connected(url: URL) -> socket.socket:
    """Return a connection to the server, through its Unix socket or TCP."""
    folder, port = url.query.get("host"), url.port or url.query.get("port") or 5432
    if folder is None:
        return socket.create_connection((url.host or HOST, int(str(port))))
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(f"{folder}/.s.PGSQL.{port}")
    except OSError:
        server.close()
        raise
    return server
