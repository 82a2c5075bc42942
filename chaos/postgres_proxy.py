"""A proxy before PostgreSQL that loses connections in the middle of a COMMIT, on request."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.engine import URL, make_url

from chaos.postgres_wire import ClientSide
from chaos.watching import CHUNK, HOST, Listening

# `unsent`: the server never hears of the COMMIT. `unanswered`: it commits, and its answer is lost.
Cut = Literal["unsent", "unanswered"]


@dataclass
class Pair:
    """A client's connection, and the one to the server that belongs to it. `is_mute`: nothing comes back."""

    client: socket.socket
    server: socket.socket
    is_mute: bool = False
    words: ClientSide = field(default_factory=ClientSide)

    def close(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class PostgresProxy(Listening):
    """`with PostgresProxy(url) as proxy: proxy.url`. Both sides are told of a lost connection by its end alone."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._server = make_url(url)
        self._planned: list[Cut] = []
        self._lock = threading.Lock()
        front = self._server.set(host=HOST, port=self.port, query={"sslmode": "disable"})
        self.url = front.render_as_string(hide_password=False)

    def cut(self, *cuts: Cut) -> None:
        """The next commits, of whomever, meet these."""
        with self._lock:
            self._planned.extend(cuts)

    @property
    def left(self) -> int:
        """Cuts that nobody has met yet."""
        return len(self._planned)

    def spare(self) -> None:
        """Nobody meets what is left."""
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
    """By its socket's folder, or by TCP."""
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
