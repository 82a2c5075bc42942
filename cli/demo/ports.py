"""Ports for the demo: the usual ones, or free ones where those are taken."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"


@contextmanager
def reserved_port(wanted: int) -> Iterator[int]:
    """`wanted` if it is free on loopback, otherwise any that is; 0 takes any. Nobody is given it for the block.

    Linux lets a server with SO_REUSEADDR listen on a port that is bound so, but does not listen (socket(7)).
    """
    reservation = _bound(wanted)
    with reservation:
        yield int(reservation.getsockname()[1])


def _bound(wanted: int) -> socket.socket:
    try:
        return _bind(wanted)
    except OSError:
        return _bind(0)


def _bind(port: int) -> socket.socket:
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reservation.bind((HOST, port))
    except OSError:
        reservation.close()
        raise
    return reservation


def port_near(wanted: int) -> int:
    """A port that is free at this moment, chosen as `reserved_port` does."""
    with reserved_port(wanted) as port:
        return port
