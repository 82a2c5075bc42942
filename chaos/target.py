"""The target that runbooks call. It records every call with its key before it does anything else.

    POST /KIND/EDITION?seconds=2

KIND: `ok` answers at once, `slow` after `seconds`, `flaky` refuses the first call of a key, `luckless` every call of
every second key, `fail` every call (a refused call has no effect). `later` answers that it is ready from the third look
of a key on, `never` that it is not. `huge`, `endless`, `nul`, `bytes`, `drip` and
`drip-headers` send hostile answers; for the last two `seconds` is the time between two bytes.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

HUGE = b"x" * 3_000_000
ENDLESS = 1_000_000_000  # bytes
DRIPS, DRIP_SECONDS = 4, 0.5
JSON = b'{"ok": true}'
READY, NOT_READY = b'{"ready": true}', b'{"ready": false}'
LOOKS = 3  # of one key, until `later` is ready


@dataclass(frozen=True)
class Call:
    """A call that arrived, and whether it had an effect. `at`: Unix time."""

    at: float
    key: str
    method: str
    kind: str
    edition: str
    effect: bool


class QuietServer(ThreadingHTTPServer):
    """A server that ignores errors: clients may be killed in the middle of a call."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing."""


class Target:
    """Used as `with Target() as target: target.url`. `delay`: seconds that every answer is delayed at present."""

    def __init__(self) -> None:
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._times: Counter[str] = Counter()  # calls by key
        self.delay = 0.0
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="target", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def is_ready(self, key: str) -> bool:
        """Return whether this key was called often enough for `later` to be ready."""
        with self._lock:
            return self._times[key] >= LOOKS

    def record(self, method: str, key: str, kind: str, edition: str) -> bool:
        """Record a call. Returns whether it is refused."""
        with self._lock:
            is_first, is_odd = not self._times[key], crc32(key.encode()) % 2 == 1
            refused = {"fail": True, "flaky": is_first, "luckless": is_odd}.get(kind, False)
            self._times[key] += 1
            self._calls.append(Call(time.time(), key, method, kind, edition, effect=not refused))
            return refused

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                _answer(self, target)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                _answer(self, target)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Log nothing: the target keeps its own record."""

        return Handler


def _answer(request: BaseHTTPRequestHandler, target: Target) -> None:
    parts = urlsplit(request.path)
    kind, _, edition = parts.path.strip("/").partition("/")
    key = request.headers.get("Idempotency-Key", "")
    refused = target.record(request.command or "", key, kind, edition)
    seconds = float(parse_qs(parts.query).get("seconds", ["0"])[0])
    with suppress(OSError):
        if kind in SLOWLY:
            SLOWLY[kind](request, seconds or DRIP_SECONDS)
            return
        time.sleep(seconds + target.delay)
        if refused:
            _send(request, 503, b"refused")
        elif kind in LOOKED_AT:
            is_ready = kind == "later" and target.is_ready(key)
            _send(request, 200, READY if is_ready else NOT_READY)
        else:
            ANSWERS.get(kind, _ok)(request)


def _send(request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _ok(request: BaseHTTPRequestHandler) -> None:
    _send(request, 200, JSON)


def _endless(request: BaseHTTPRequestHandler) -> None:
    """Send as much as the client accepts."""
    request.send_response(200)
    request.send_header("Content-Length", str(ENDLESS))
    request.end_headers()
    for _ in range(ENDLESS // len(HUGE)):
        request.wfile.write(HUGE)


def _drip(request: BaseHTTPRequestHandler, seconds: float) -> None:
    """Send a body byte by byte."""
    request.send_response(200)
    request.send_header("Content-Length", str(DRIPS))
    request.end_headers()
    _slowly(request, b"." * DRIPS, seconds)


def _drip_headers(request: BaseHTTPRequestHandler, seconds: float) -> None:
    _slowly(request, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", seconds)


def _slowly(request: BaseHTTPRequestHandler, text: bytes, seconds: float) -> None:
    for byte in text:
        time.sleep(seconds)
        request.wfile.write(bytes([byte]))
        request.wfile.flush()


LOOKED_AT = ("later", "never")
SLOWLY: dict[str, Callable[[BaseHTTPRequestHandler, float], None]] = {
    "drip": _drip,
    "drip-headers": _drip_headers,
}
ANSWERS: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "huge": lambda request: _send(request, 200, HUGE),
    "endless": _endless,
    "nul": lambda request: _send(request, 200, b'{"nul": "a\\u0000b"}\0'),
    "bytes": lambda request: _send(request, 200, bytes(range(256))),
}
