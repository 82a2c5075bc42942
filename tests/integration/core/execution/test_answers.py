"""What the other side answers, in a real run: names of headers, no JSON, and when to ask again."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.statuses import Status, WaitingFor
from tests.integration.core.world import CoreWorld


class Server(ThreadingHTTPServer):
    """Answers everything alike; `asked` are the headers of what came."""

    status = 200
    said: dict[str, str]
    body = b"{}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(dict(self.headers))  # type: ignore[attr-defined]  # set by the fixture
        self.send_response(server.status)
        for name, value in {"Content-Length": str(len(server.body)), **server.said}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, *_given: object) -> None:
        """Nothing is told."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), _Handler)
    made.said, made.asked = {}, []  # type: ignore[attr-defined]  # what came
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def get(server: Server, **values: object) -> str:
    more = "".join(f"\n  {name}: {value}" for name, value in values.items())
    return f"- id: get\n  type: http\n  url: {server.url}/x{more}\n"


@pytest.mark.parametrize(
    "source",
    [
        "response.headers['Content-Type']",
        "response.headers['content-type']",
        'response.headers["CONTENT-TYPE"]',
        "has(response.headers.ETag) ? response.headers['Content-type'] : ''",
        "'Content-Type' in response.headers ? response.headers[response.headers.eTag] : ''",
    ],
)
def test_names_of_headers_have_no_case(world: CoreWorld, server: Server, source: str) -> None:
    server.said = {"cOnTeNt-TyPe": "text/plain", "ETAG": "content-type"}
    run = world.begin(get(server, save=f'{{ct: "{source}"}}'.replace('["', "['").replace('"]', "']")))
    world.work()
    assert world.see(run).error is None
    assert world.statuses(run) == [Status.SUCCEEDED]


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (
            b"<html>Bad gateway</html>",
            "text/html; charset=utf-8",
            "no JSON (text/html, 24 bytes): <html>Bad gateway",
        ),
        (b"", "application/json", "no JSON: it has no body"),
        (b"{", "application/json", "no JSON (application/json, 1 byte): {"),
        (b"x" * 2_000_000, "text/plain", "no JSON (text/plain, more than 1,048,576 bytes): x"),
    ],
)
def test_an_answer_that_is_no_json_says_so(
    world: CoreWorld, server: Server, body: bytes, kind: str, said: str
) -> None:
    server.body, server.said = body, {"Content-Type": kind}
    saving = world.begin(get(server, save="{x: response.json.x}"), "saving")
    expecting = world.begin(get(server, expect="response.json.x == 1"), "expecting")
    guarded = world.begin(get(server, expect="response.json != null && response.json.ok"), "guarded")
    world.work()
    for run in (saving, expecting, guarded):
        assert said in (world.see(run).error or "")


def test_json_that_lacks_a_member_is_told_as_before(world: CoreWorld, server: Server) -> None:
    run = world.begin(get(server, save="{x: response.json.x}"))
    world.work()
    assert "there is no response.json.x" in (world.see(run).error or "")


SAFE = "{safe: true, attempts: 3, backoff: 1s, max_backoff: 1m}"


@pytest.mark.parametrize("status", [429, 503])
def test_the_next_attempt_waits_as_long_as_the_answer_asks(
    world: CoreWorld, server: Server, status: int
) -> None:
    server.status, server.said = status, {"retry-after": "20"}
    run = world.begin(get(server, retry=SAFE))
    world.work()
    assert world.see(run).waiting_for is WaitingFor.TIMER
    assert "retry after 20 s" in (world.step(run).error or "")
    world.pass_by(seconds=15)
    assert world.step(run).attempt == 1
    server.status = 200
    world.pass_by(seconds=6)
    assert world.statuses(run) == [Status.SUCCEEDED]


def test_it_may_ask_by_a_date(world: CoreWorld, server: Server) -> None:
    at = world.clock.now() + timedelta(seconds=30)
    server.status, server.said = 503, {"Retry-After": format_datetime(at, usegmt=False)}
    run = world.begin(get(server, retry=SAFE))
    world.work()
    world.pass_by(seconds=20)
    assert world.step(run).attempt == 1
    world.pass_by(seconds=15)
    assert world.step(run).attempt == 2


def test_the_steps_own_limits_hold(world: CoreWorld, server: Server) -> None:
    server.status, server.said = 429, {"Retry-After": "86400"}
    run = world.begin(get(server, retry=SAFE))
    world.work()
    for _ in range(3):
        world.pass_by(seconds=61)
    assert (world.see(run).status, world.step(run).attempt) == (Status.FAILED, 3)


def test_headers_that_the_definition_names_in_its_own_case_are_sent_once(
    world: CoreWorld, server: Server
) -> None:
    run = world.begin(get(server, headers="{idempotency-key: mine, HOST: other, content-type: text/plain}"))
    world.work()
    assert world.statuses(run) == [Status.SUCCEEDED]
    (asked,) = server.asked  # type: ignore[attr-defined]  # set by the fixture
    lower = [name.lower() for name in asked]
    assert sorted(lower) == sorted(set(lower))
    assert {name.lower(): value for name, value in asked.items()}["idempotency-key"] == "mine"


@pytest.mark.parametrize("value", ["Bearer schlüssel", "a\u00a0b", " "])
def test_a_header_that_http_cannot_carry_fails_the_step_at_once(
    world: CoreWorld, server: Server, value: str
) -> None:
    steps = get(server, headers=f"{{Authorization: \"{{{{ incident.title + '{value}' }}}}\"}}")
    run = world.begin(steps)
    world.work()
    assert world.statuses(run) == [Status.FAILED]
    assert "The header Authorization" in (world.see(run).error or "")
    assert server.asked == []  # type: ignore[attr-defined]  # set by the fixture
