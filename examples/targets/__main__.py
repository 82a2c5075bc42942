"""`python -m examples.targets`: run the service on loopback until it is interrupted."""

import argparse
import socket
from collections.abc import Sequence

import uvicorn

from examples.targets.app import create_app


class _AnnouncingServer(uvicorn.Server):
    """Prints its address once it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if sockets and self.started:
            host, port = sockets[0].getsockname()
            print(f"Demo targets: http://{host}:{port}", flush=True)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m examples.targets", description="A target system to run runbooks against."
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1; the default 0 means any free port"
    )
    parser.add_argument("--promote-seconds", type=float, default=1.5, help="how long a promotion takes")
    parser.add_argument("--refuse-promote", action="store_true", help="refuse every promotion with 409")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until SIGINT or SIGTERM."""
    chosen = _arguments(arguments)
    app = create_app(promote_seconds=chosen.promote_seconds, refuse_promote=chosen.refuse_promote)
    with socket.create_server(("127.0.0.1", chosen.port)) as listener:
        _AnnouncingServer(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
