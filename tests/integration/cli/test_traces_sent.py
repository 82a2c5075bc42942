"""RUNBOOK_TRACES_URL: what a process does arrives at a collector, and without the extra the process says so."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import util

import pytest

from cli import tracing
from cli.tracing import traced
from core.errors import ConfigurationError
from core.settings import Settings
from core.tracing import is_traced, span


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Its address, and the path and body of each request."""
    received: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_spans_are_sent_at_the_latest_when_the_process_ends(
    collector: tuple[str, list[tuple[str, bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    url, received = collector
    with traced(Settings(RUNBOOK_TRACES_URL=url), "worker"):
        assert is_traced()
        with span("step", "req_1", id="promote"):
            pass
    assert not is_traced()
    [(path, body)] = received
    assert path == "/v1/traces"
    assert b"runbook-worker" in body
    assert b"promote" in body


def test_without_the_setting_there_is_no_tracer() -> None:
    with traced(Settings(), "worker"):
        assert not is_traced()


def test_without_the_extra_a_process_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        tracing, "find_spec", lambda name: None if name == "opentelemetry" else util.find_spec(name)
    )
    with (
        pytest.raises(ConfigurationError, match=r"the extra `otel` is not installed"),
        traced(Settings(RUNBOOK_TRACES_URL="http://127.0.0.1:9"), "worker"),
    ):
        pass
