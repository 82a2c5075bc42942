"""A TCP load balancer: one address for all web processes, each connection going to the next that accepts it."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from chaos.watching import CHUNK, HOST, Listening

CONNECT_SECONDS = 1.0


class LoadBalancer(Listening):
    """Used as `with LoadBalancer(ports) as balancer: balancer.url`.

    It knows nothing of HTTP: a web process that dies takes its connections along.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__()
        self._ports = list(ports)
        self._turn = count()
        self.url = f"http://{HOST}:{self.port}"

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
        for offset in range(len(self._ports)):
            port = self._ports[(first + offset) % len(self._ports)]
            with suppress(OSError):
                server = socket.create_connection((HOST, port), CONNECT_SECONDS)
                server.settimeout(None)
                return server
        return None


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
