"""What every played system has: an HTTP server on loopback, and ways to lose an answer or a request."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Call:
    """A request. `query` and `form`: the last value of each name."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content or b"null")

    @property
    def form(self) -> dict[str, str]:
        return _last(self.content.decode())


@dataclass(frozen=True)
class Answer:
    """`body`: JSON, or bytes as they are, or None for none."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_FOUND = Answer(404, {"message": "Not Found"})


@dataclass
class Play:
    """A system. `lose_answers`: how many changes happen, and hang up without an answer; `lose_calls`: how many hang up
    before anything happens. `looks`: what every GET gets instead of its answer. `calls`: what was asked.
    `during_a_look`: what happens during the next GET."""

    url: str = ""
    lose_answers: int = 0
    lose_calls: int = 0
    looks: Answer | None = None
    refusal: Answer | None = None
    calls: list[Call] = field(default_factory=list)
    during_a_look: Callable[[], None] | None = None

    def answer(self, call: Call) -> Answer:
        raise NotImplementedError

    def paths(self, method: str) -> list[str]:
        return [call.path for call in self.calls if call.method == method]

    def handle(self, call: Call) -> Answer | None:
        """The answer; None: hang up."""
        self.calls.append(call)
        if call.method == "GET":
            during, self.during_a_look = self.during_a_look, None
            if during is not None:
                during()
            return self.looks or self.answer(call)
        if self.lose_calls:
            self.lose_calls -= 1
            return None
        if self.refusal is not None:
            return self.refusal
        answer = self.answer(call)
        if self.lose_answers:
            self.lose_answers -= 1
            return None
        return answer


AnyPlay = TypeVar("AnyPlay", bound=Play)


@contextmanager
def playing(play: AnyPlay, tls: ssl.SSLContext | None = None) -> Iterator[AnyPlay]:
    """The system, on loopback, for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = play.handle(Call(self.command, parts.path, _last(parts.query), headers, content))
            if answer is None:
                self.close_connection = True
                return
            body = b"" if answer.body is None else answer.body
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
            with suppress(ConnectionError):
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 the names that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    play.url = f"http://127.0.0.1:{server.server_port}"
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        play.url = play.url.replace("http://", "https://")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield play
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _last(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}


@dataclass
class JobPlay(Play):
    """A system with jobs. `hidden`: its lists do not show them yet. `cancelled`: the jobs that were asked to stop.
    `results`: what else the output of a step has.
    """

    jobs: list[dict[str, Any]] = field(default_factory=list)
    hidden: bool = False
    cancelled: list[str] = field(default_factory=list)
    results: tuple[str, ...] = ()

    def end(self, *, well: bool = True) -> None:
        """The newest job ends."""
        raise NotImplementedError

    def step(self, more: str = "", *, keyed: bool = True) -> str:
        """A step that starts a job here."""
        raise NotImplementedError

    @property
    def marks(self) -> list[str]:
        """The mark that each job carries."""
        return [job["mark"] for job in self.jobs]
