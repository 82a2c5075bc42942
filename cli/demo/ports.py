"""Ports for the demo: the usual ones, or free ones where those are taken."""

import socket


def port_near(wanted: int) -> int:
    """`wanted` if it is free on loopback, otherwise any that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on loopback")
