"""Where an embedded server listens: a socket in its folder, or loopback where that path cannot be one."""

import socket
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_BYTES = 107  # sun_path holds 108 with the final zero (unix(7))
LIST_MARK = ","  # separates hosts where PostgreSQL's clients take a folder for a host
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """A socket's path, or a port of 127.0.0.1 with the reservation that keeps it free."""

    path: Path | None
    port: int = 0
    reservation: socket.socket | None = None

    def settle(self) -> None:
        """The server listens: the reservation is no longer needed."""
        if self.reservation is not None:
            self.reservation.close()


def _reserve_port() -> socket.socket:
    """Hold a free port so that nobody else is given it before the server listens on it.

    Linux lets a second socket bind the port where both set SO_REUSEADDR and none listens yet (socket(7)).
    """
    reservation = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind((LOOPBACK, 0))
    return reservation


def _can_be_a_socket(path: Path) -> bool:
    return len(str(path).encode()) <= SOCKET_PATH_BYTES and LIST_MARK not in str(path)


def address_for(path: Path) -> Address:
    """The socket at `path` where a socket and a URL can have that path, else a free port of 127.0.0.1."""
    if _can_be_a_socket(path):
        return Address(path)
    reservation = _reserve_port()
    return Address(None, int(reservation.getsockname()[1]), reservation)
