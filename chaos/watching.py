"""Base classes: `Watch` polls the database in a thread, `Listening` is a TCP listener, by default on loopback."""

import socket
import threading
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import psycopg

Connection = psycopg.Connection[Any]


class Watch(ABC):
    """Calls `look` every `pause` seconds in a thread, and reconnects when the database comes back."""

    def __init__(self, conninfo: str, pause: float) -> None:
        self._conninfo, self._pause = conninfo, pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=type(self).__name__, daemon=True)

    @abstractmethod
    def look(self, connection: Connection) -> None:
        """Look once. May raise psycopg.Error; the next call then gets a new connection."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._pause):
            try:
                with psycopg.connect(self._conninfo, autocommit=True, connect_timeout=2) as connection:
                    while not self._over.wait(self._pause):
                        self.look(connection)
            except psycopg.Error:
                continue  # the database may be down here


HOST = "127.0.0.1"
CHUNK = 65_536


class Listening(ABC):
    """Accepts connections on `port` during a `with` block, with a thread for each."""

    def __init__(self, host: str = HOST, port: int = 0) -> None:
        self._listener = socket.create_server((host, port), backlog=256)
        self.port = int(self._listener.getsockname()[1])

    @abstractmethod
    def carry(self, client: socket.socket) -> None:
        """Serve one connection, in a thread of its own, and close it."""

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, name=type(self).__name__, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()
