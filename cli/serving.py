"""The HTTP server of `web`, and the address it listens on."""

import socket

import uvicorn
from starlette.types import ASGIApp

from cli.processes import stopping
from core.errors import ConfigurationError
from core.settings import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 a deployment with a public address is behind a proxy
LOOPBACK = "127.0.0.1"
BACKLOG = 2048  # connections waiting to be accepted; uvicorn's default


def host_of(settings: Settings) -> str:
    """Return HOST if set; otherwise all addresses if there is a public URL, and loopback if not."""
    return settings.host or (EVERYWHERE if settings.public_url else LOOPBACK)


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a listening socket. Raises ConfigurationError if the address cannot be used.

    `shared`: other processes of this user may listen there, too; the kernel distributes the connections (socket(7),
    SO_REUSEPORT).
    """
    listener = reserve(host, port, shared=shared)
    listener.listen(BACKLOG)
    listener.set_inheritable(True)
    return listener


def reserve(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a socket at the address that does not listen yet. Raises ConfigurationError as `listen` does."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise ConfigurationError(f"HOST is {host!r}, which is not an address of this machine.") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on port {port} of {host}: {(error.strerror or str(error)).lower()}.",
            hint="Stop the process that listens there, or set PORT (and HOST) to a free address.",
        ) from None
    return listener


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve the app until SIGTERM or SIGINT."""
    config = uvicorn.Config(app, log_config=None, log_level="warning", access_log=False, lifespan="off")
    stopping()  # uvicorn re-raises the signal when it is done; without a handler that would skip our own shutdown
    with listener:
        uvicorn.Server(config).run(sockets=[listener])
