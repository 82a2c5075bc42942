"""Starting the app under test: in this process (ASGI, WSGI, Socket Mode handlers), or as a process of its own."""

import inspect
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from time import monotonic, sleep
from typing import Any, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import uvicorn

from slack_sandbox.serving import HOST, listen

START_SECONDS = 20.0
STOP_SECONDS = 5.0
LOOK_SECONDS = 0.02


class AppNotReady(AssertionError):
    """The app did not start. The text has its output."""


class SocketHandler(Protocol):
    """What Bolt calls a SocketModeHandler."""

    def connect(self) -> None: ...

    def close(self) -> None: ...


WebApp = Callable[..., Any]
"""An ASGI or a WSGI application."""


def is_asgi(app: WebApp) -> bool:
    call = app if inspect.isfunction(app) else type(app).__call__
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(app)


@contextmanager
def serving(app: WebApp) -> Iterator[str]:
    """Serve it on a free port of this machine. Yields its origin."""
    with _asgi(app) if is_asgi(app) else _wsgi(app) as origin:
        yield origin


@contextmanager
def _asgi(app: WebApp) -> Iterator[str]:
    listener, origin = listen(0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],), name="app-under-test", daemon=True)
    thread.start()
    try:
        _until(lambda: server.started or not thread.is_alive(), "The app did not start.")
        yield origin
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
        listener.close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that it has there
        pass


@contextmanager
def _wsgi(app: WebApp) -> Iterator[str]:
    with _Server((HOST, 0), _Quiet) as server:
        server.set_app(app)
        thread = threading.Thread(target=server.serve_forever, args=(LOOK_SECONDS,), daemon=True)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(STOP_SECONDS)


@contextmanager
def connected(handler: SocketHandler, connections: Callable[[], int]) -> Iterator[None]:
    """Connect a Socket Mode handler, and wait until Slack has one connection more."""
    before = connections()
    handler.connect()
    try:
        _until(lambda: connections() > before, "The app opened no Socket Mode connection.")
        yield
    finally:
        handler.close()


def free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None, is_ready: Callable[[], bool]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the app as a process until the end, and wait until it is ready. Raises AppNotReady with its output."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(word) for word in command], env=os.environ | dict(env), cwd=cwd, stdout=output, stderr=output
        )
        try:
            _until(lambda: process.poll() is not None or is_ready(), f"{command} did not get ready.", output)
            if process.poll() is not None:
                raise AppNotReady(f"{command} ended with status {process.returncode}.\n{_tail(output)}")
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def answers_at(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def _until(condition: Callable[[], bool], sentence: str, output: Any = None) -> None:
    deadline = monotonic() + START_SECONDS
    while not condition():
        if monotonic() > deadline:
            raise AppNotReady(f"{sentence} It was given {START_SECONDS:g} seconds.\n{_tail(output)}")
        sleep(LOOK_SECONDS)


def _tail(output: Any) -> str:
    if output is None:
        return ""
    output.seek(0)
    return str(output.read().decode(errors="replace")[-4_000:])
