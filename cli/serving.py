"""Where `web` listens, and the server that answers there."""

import socket

import uvicorn
from starlette.types import ASGIApp

from cli.processes import stopping
from core.errors import ConfigurationError
from core.settings import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 where there is a public address, a proxy stands before us
LOOPBACK = "127.0.0.1"
BACKLOG = 2048  # connections that wait to be accepted, as uvicorn has it


def host_of(settings: Settings) -> str:
    """HOST; without it all addresses where there is a public one, and else loopback."""
    return settings.host or (EVERYWHERE if settings.public_url else LOOPBACK)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ConfigurationError, which says why it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise ConfigurationError(f"HOST is {host!r}, and that is no address of this machine.") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Port {port} of {host} cannot be listened on: {(error.strerror or str(error)).lower()}.",
            hint="End what listens there, or set PORT (and HOST) to a free one.",
        ) from None
    listener.set_inheritable(True)
    return listener


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Until SIGTERM or SIGINT."""
    config = uvicorn.Config(app, log_config=None, log_level="warning", access_log=False, lifespan="off")
    stopping()  # uvicorn repeats a signal when it is done; what we have to do then is done all the same
    with listener:
        uvicorn.Server(config).run(sockets=[listener])
