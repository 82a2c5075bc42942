"""A proxy on a loopback port that can cut its connections, as networks do."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """`port`: where it listens. `seen`: how many connections came. `on_data`: is called with what clients send."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        self.seen = 0
        self.on_data: Callable[[bytes], None] = lambda _: None
        self._start(self._serve)

    def cut(self) -> None:
        """End every connection, on both sides."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End every connection, and take no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._sockets):
            each.close()

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.seen += 1
                server = self._connect()
                self._sockets += [client, server]
                self._pump(client, server, self._tell)
                self._pump(server, client, lambda _: None)

    def _tell(self, data: bytes) -> None:
        self.on_data(data)

    def _pump(self, source: socket.socket, sink: socket.socket, seen: Callable[[bytes], None]) -> None:
        def pump() -> None:
            with suppress(OSError):
                while data := source.recv(65_536):
                    seen(data)
                    sink.sendall(data)
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

        self._start(pump)


@contextmanager
def proxy_to(connect: Callable[[], socket.socket]) -> Iterator[Proxy]:
    """A proxy for the length of the block. `connect`: opens a connection to the server."""
    proxy = Proxy(connect)
    try:
        yield proxy
    finally:
        proxy.close()


def to_port(port: int) -> Callable[[], socket.socket]:
    """What connects to a port of this machine."""
    return lambda: socket.create_connection(("127.0.0.1", port))


def to_unix(path: str) -> Callable[[], socket.socket]:
    """What connects to a Unix socket."""

    def connect() -> socket.socket:
        found = socket.socket(socket.AF_UNIX)
        found.connect(path)
        return found

    return connect
