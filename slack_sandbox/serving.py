"""Running a sandbox: in the foreground, or in a thread beside a test or a demo."""

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from slack_sandbox.config import WorkspaceConfig
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.server import create_app
from slack_sandbox.stream import CuttableProtocol
from slack_sandbox.values import Clock, utc_now

HOST = "127.0.0.1"
START_SECONDS = 10.0
GRACE_SECONDS = 2
"""An injected timeout may hold a request open for long; the server does not wait for it when it stops."""


class SandboxServer(uvicorn.Server):
    """A uvicorn server that closes open event streams and sockets when it stops, and signals when it listens."""

    def __init__(self, config: WorkspaceConfig, clock: Clock = utc_now) -> None:
        app = create_app(config, clock)
        self.sandbox: Sandbox = app.state.sandbox
        self.listening = threading.Event()
        super().__init__(
            uvicorn.Config(
                app,
                http=CuttableProtocol,
                ws="websockets-sansio",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self.sandbox.disconnect()
        await super().shutdown(sockets)


def listen(port: int) -> tuple[socket.socket, str]:
    """Return a listening socket on loopback and its origin, such as ``http://127.0.0.1:3100``. Port 0: any free one.

    Raises OSError if the port is in use.
    """
    # asyncio sets TCP_NODELAY only on sockets that name their protocol: without it each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener, f"http://{HOST}:{listener.getsockname()[1]}"


class RunningSandbox:
    """A sandbox in a thread of its own: ``with RunningSandbox(config) as slack: slack.url``."""

    def __init__(self, config: WorkspaceConfig, port: int = 0, clock: Clock = utc_now) -> None:
        self._listener, self.url = listen(port)
        self._server = SandboxServer(config, clock)
        self._thread = threading.Thread(target=self._run, name="slack-sandbox", daemon=True)

    @property
    def api_url(self) -> str:
        """The URL to give an app as Slack's API URL."""
        return f"{self.url}/api/"

    def start(self) -> Self:
        """Raises TimeoutError when it does not listen within 10 seconds."""
        self._thread.start()
        if not self._server.listening.wait(START_SECONDS):
            raise TimeoutError(f"The Slack sandbox did not start within {START_SECONDS:g} seconds.")
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])
