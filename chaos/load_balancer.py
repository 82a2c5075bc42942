"""A TCP load balancer: one address for all web processes, each connection going to the next that accepts it."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count

from chaos.watching import CHUNK, HOST, Listening

CONNECT_SECONDS = 1.0

Address = tuple[str, int]


class LoadBalancer(Listening):
    """Used as `with LoadBalancer(addresses) as balancer: balancer.url`. `host`, `port`: where it listens; 0: any port.

    It knows nothing of HTTP: a web process that dies takes its connections along.
    """

    def __init__(self, addresses: Sequence[Address], host: str = HOST, port: int = 0) -> None:
        super().__init__(host, port)
        self._addresses = list(addresses)
        self._out: frozenset[Address] = frozenset()
        self._turn = count()
        self.url = f"http://{host}:{self.port}"

    @contextmanager
    def without(self, number: int) -> Iterator[None]:
        """Open no new connection to this one of the addresses within the block, as before a planned restart."""
        self._out |= {self._addresses[number]}
        try:
            yield
        finally:
            self._out -= {self._addresses[number]}

    def carry(self, client: socket.socket) -> None:
        server = self._connect()
        if server is None:
            client.close()
            return
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()
        client.close()
        server.close()

    def _connect(self) -> socket.socket | None:
        first = next(self._turn)
        for offset in range(len(self._addresses)):
            address = self._addresses[(first + offset) % len(self._addresses)]
            if address in self._out:
                continue
            with suppress(OSError):
                server = socket.create_connection(address, CONNECT_SECONDS)
                server.settimeout(None)
                return server
        return None


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
