"""HTTP calls: a total deadline, a bounded answer, and what is known without an answer."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest

from core.clock import elapsed
from core.errors import NotAllowed
from core.io.attempts import CONNECTS, LEAVES, Attempt, BrokenOff, CancelToken
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller, HttpRequest, NoAnswer, NotSent
from core.io.kept_threads import MOST_THREADS
from core.io.response import MOST_BYTES, HttpResponse

Serve = Callable[[socket.socket, bytes, threading.Event], None]
GENEROUS = timedelta(seconds=10)


@contextmanager
def serving(serve: Serve) -> Iterator[tuple[int, list[bytes]]]:
    """A server that hands every connection to `serve` with the request received. Yields its port and the requests."""
    over, requests = threading.Event(), list[bytes]()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def run() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(5)
                requests.append(read_request(connection))
                serve(connection, requests[-1], over)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()[1], requests
    finally:
        over.set()
        thread.join()
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(65_536)
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]):
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def answering(body: bytes = b"{}", head: bytes = b"") -> Serve:
    def serve(connection: socket.socket, _request: bytes, _over: threading.Event) -> None:
        length = f"Content-Length: {len(body)}\r\nConnection: close\r\n".encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + head + b"\r\n" + body)

    return serve


def drop_by_drop(connection: socket.socket, _request: bytes, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not over.wait(0.2):
        try:
            connection.sendall(b"x")
        except OSError:
            return


def never(connection: socket.socket, _request: bytes, over: threading.Event) -> None:
    over.wait()


def reset(connection: socket.socket, _request: bytes, _over: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@pytest.fixture
def caller() -> Iterator[HttpCaller]:
    http = HttpCaller(EgressPolicy.parse(["127.0.0.1", "localhost"]))
    yield http
    http.close()


def call(
    caller: HttpCaller, request: HttpRequest, limit: timedelta = GENEROUS, stop: threading.Event | None = None
) -> HttpResponse:
    return caller.call(request, limit, stop or threading.Event())


def get(caller: HttpCaller, port: int, limit: timedelta = GENEROUS) -> HttpResponse:
    return call(caller, HttpRequest("GET", f"http://127.0.0.1:{port}/"), limit)


def test_an_answer_has_status_headers_text_and_json(caller: HttpCaller) -> None:
    with serving(answering(b'{"seconds": 1.5}', b"X-Lag: low\r\n")) as (port, _):
        response = get(caller, port)
    assert (response.status, response.json, response.text) == (200, {"seconds": 1.5}, '{"seconds": 1.5}')
    assert response.headers["x-lag"] == "low"
    assert not response.truncated


def test_the_whole_request_arrives(caller: HttpCaller) -> None:
    with serving(answering()) as (port, requests):
        headers = {"Idempotency-Key": "rbx_1.promote", "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{port}/promote?first=1"
        call(caller, HttpRequest("POST", url, headers, {"dry": True, "who": "a b"}, b'{"lag": 1}'))
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /promote?")
    assert b"who=a+b" in head or b"who=a%20b" in head
    assert b"dry=true" in head
    assert b"idempotency-key: rbx_1.promote" in head.lower()
    assert body == b'{"lag": 1}'


def test_a_query_of_the_address_stays_beside_that_of_the_step(caller: HttpCaller) -> None:
    with serving(answering()) as (port, requests):
        call(caller, HttpRequest("GET", f"http://127.0.0.1:{port}/?first=1", query={"second": "2"}))
        call(caller, HttpRequest("GET", f"http://127.0.0.1:{port}/?a&a=1"))
    assert [request.split()[1] for request in requests] == [b"/?first=1&second=2", b"/?a&a=1"]


def test_the_host_header_keeps_the_name_and_the_port(caller: HttpCaller) -> None:
    with serving(answering()) as (port, requests):
        call(caller, HttpRequest("GET", f"http://localhost:{port}/"))
    assert f"host: localhost:{port}".encode() in requests[0].lower()


def test_the_deadline_is_for_the_whole_answer_not_for_each_byte(caller: HttpCaller) -> None:
    with serving(drop_by_drop) as (port, _):
        began = time.monotonic()
        with pytest.raises(NoAnswer, match=r"within 0\.6 s"):
            get(caller, port, timedelta(seconds=0.6))
        assert time.monotonic() - began < 1.5


def headers_drop_by_drop(connection: socket.socket, _request: bytes, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(0.1):
        try:
            connection.sendall(b"x")
        except OSError:
            return


@pytest.mark.parametrize("serve", [drop_by_drop, headers_drop_by_drop], ids=["body", "headers"])
def test_a_call_that_was_given_up_leaves_nothing_running(caller: HttpCaller, serve: Serve) -> None:
    before = set(threading.enumerate())
    with serving(serve) as (port, _):
        began = time.monotonic()
        with pytest.raises(NoAnswer, match=r"within 1\.2 s"):
            get(caller, port, timedelta(seconds=1.2))
        assert time.monotonic() - began < 3
        nothing_is_left(before)


def nothing_is_left(before: set[threading.Thread]) -> None:
    deadline = time.monotonic() + 5
    while left := [t for t in threading.enumerate() if t.name == "http" and t not in before]:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def test_a_request_that_nobody_reads_is_given_up(caller: HttpCaller) -> None:
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(NoAnswer, match=r"within 1\.5 s"):
            call(caller, HttpRequest("POST", url, content=b"x" * 10_000_000), timedelta(seconds=1.5))
        nothing_is_left(before)


def test_a_stop_closes_the_connection(caller: HttpCaller) -> None:
    stop, closed = threading.Event(), threading.Event()

    def until_closed(connection: socket.socket, _request: bytes, _over: threading.Event) -> None:
        stop.set()
        if connection.recv(1) == b"":
            closed.set()

    with serving(until_closed) as (port, _), pytest.raises(NoAnswer, match="stopped"):
        call(caller, HttpRequest("GET", f"http://127.0.0.1:{port}/"), timedelta(minutes=1), stop)
    assert closed.is_set()


def test_a_name_that_takes_too_long_was_not_sent(caller: HttpCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    real = socket.getaddrinfo

    def resolve(*arguments: object, **options: object) -> object:
        over.wait(5)
        return real(*arguments, **options)  # type: ignore[arg-type]  # what was asked

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    before = set(threading.enumerate())
    with serving(answering()) as (port, requests):
        began = time.monotonic()
        with pytest.raises(NotSent, match=r"Not sent within 0\.3 s"):
            get(caller, port, timedelta(seconds=0.3))
        assert time.monotonic() - began < 1.5
        over.set()
        nothing_is_left(before)
        assert requests == [], "what was given up does not leave later"


@pytest.mark.parametrize("said", [b"", b"\x16\x03"], ids=["silent", "drop by drop"])
def test_a_handshake_that_takes_too_long_was_not_sent(caller: HttpCaller, said: bytes) -> None:
    before, over = set(threading.enumerate()), threading.Event()

    def shake(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.sendall(said + b"\x03\x00\xff" if said else b"")
            while not over.wait(0.1):
                connection.sendall(said[:1])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=shake, args=(listener,))
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        began = time.monotonic()
        with pytest.raises(NotSent, match=r"Not sent within 0\.5 s"):
            call(caller, HttpRequest("POST", url), timedelta(seconds=0.5))
        assert time.monotonic() - began < 1.5
        nothing_is_left(before)
        over.set()
        thread.join()


def test_every_call_has_a_connection_of_its_own(caller: HttpCaller) -> None:
    """A reused connection may be closed at that moment, and nobody would know whether the request arrived."""
    peers = []

    def keep_alive(connection: socket.socket, _request: bytes, _over: threading.Event) -> None:
        peers.append(connection.getpeername())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with serving(keep_alive) as (port, _):
        for _ in range(3):
            get(caller, port)
    assert len(set(peers)) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_cookie_reaches_no_other_request(caller: HttpCaller, method: str) -> None:
    """Red before: a cookie of one name was sent to every other name at its address, in other teams' runs."""
    with serving(answering(head=b"Set-Cookie: session=of-team-a; Path=/\r\n")) as (port, requests):
        for host in ("127.0.0.1", "localhost", "127.0.0.1"):
            call(caller, HttpRequest(method, f"http://{host}:{port}/"))
        call(caller, HttpRequest(method, f"http://127.0.0.1:{port}/", headers={"Cookie": "ours=1"}))
    assert [b"session=" in request for request in requests] == [False] * 4
    assert b"cookie: ours=1" in requests[3].lower()


def test_no_more_threads_are_kept_than_are_bounded(caller: HttpCaller) -> None:
    before = set(threading.enumerate())

    def kept(most: int) -> int:
        """How many threads are left once there are no more than these."""
        deadline = time.monotonic() + 5
        while len(left := set(threading.enumerate()) - before) > most and time.monotonic() < deadline:
            time.sleep(0.02)
        return len(left)

    with serving(answering()) as (port, _):
        calls = [threading.Thread(target=get, args=(caller, port)) for _ in range(MOST_THREADS + 4)]
        for each in calls:
            each.start()
        for each in calls:
            each.join()
    assert 1 <= kept(MOST_THREADS) <= MOST_THREADS
    caller.close()
    assert kept(0) == 0


def test_a_stop_ends_the_call_at_once(caller: HttpCaller) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with serving(never) as (port, _):
        began = time.monotonic()
        with pytest.raises(NoAnswer, match="stopped"):
            call(caller, HttpRequest("GET", f"http://127.0.0.1:{port}/"), timedelta(minutes=1), stop)
        assert time.monotonic() - began < 1.5


def leashed(seconds: float) -> CancelToken:
    cancel_token = CancelToken()
    cancel_token.held_until = elapsed() + seconds
    return cancel_token


def test_who_slept_through_their_lease_sends_nothing(caller: HttpCaller) -> None:
    with serving(answering()) as (port, requests):
        request = HttpRequest("POST", f"http://127.0.0.1:{port}/")
        with pytest.raises(NotSent, match="another worker may have the run"):
            call(caller, request, GENEROUS, leashed(-0.1))
        assert requests == []
        assert call(caller, request, GENEROUS, leashed(30)).status == 200


def test_who_sleeps_while_they_connect_sends_nothing() -> None:
    cancel_token = leashed(30)
    attempt = Attempt(lambda: cancel_token.held_until)
    attempt.trace(CONNECTS, {})
    cancel_token.held_until = elapsed()
    with pytest.raises(BrokenOff):
        attempt.trace(LEAVES, {})
    assert not attempt.has_left


def test_a_refused_connection_was_not_sent(caller: HttpCaller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent, match=r"No connection to 127\.0\.0\.1"):
        get(caller, port)


def test_a_connection_that_is_reset_after_the_request_leaves_doubt(caller: HttpCaller) -> None:
    with serving(reset) as (port, requests):
        with pytest.raises(NoAnswer, match="No complete answer"):
            get(caller, port)
        assert len(requests) == 1


def test_an_answer_that_breaks_off_leaves_doubt(caller: HttpCaller) -> None:
    def half(connection: socket.socket, _request: bytes, _over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")

    with serving(half) as (port, _), pytest.raises(NoAnswer):
        get(caller, port)


def test_what_is_no_http_leaves_doubt(caller: HttpCaller) -> None:
    def noise(connection: socket.socket, _request: bytes, _over: threading.Event) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    with serving(noise) as (port, _), pytest.raises(NoAnswer):
        get(caller, port)


def test_a_body_beyond_the_limit_is_cut(caller: HttpCaller) -> None:
    def endless(connection: socket.socket, _request: bytes, over: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        sent = 0
        try:
            while not over.is_set() and sent < 50 * MOST_BYTES:
                connection.sendall(b"x " * 32_768)
                sent += 65_536
        except OSError:
            return

    with serving(endless) as (port, _):
        response = get(caller, port)
    assert response.truncated
    assert response.json is None
    assert len(response.text) < 40_000


def test_a_redirect_is_an_answer_and_is_not_followed(caller: HttpCaller) -> None:
    def redirect(connection: socket.socket, _request: bytes, _over: threading.Event) -> None:
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        )

    with serving(redirect) as (port, requests):
        assert get(caller, port).status == 302
    assert len(requests) == 1


@pytest.mark.parametrize(
    "body",
    [b"[" * 100_000, b"[" * 150 + b"]" * 150, b"NaN", b"[1e999]", b"{", b"\xff", b"1" * 5_000, b""],
    ids=["bottomless", "deep", "NaN", "infinite", "half", "no UTF-8", "endless number", "nothing"],
)
def test_a_body_that_is_no_json_we_can_keep_has_none(caller: HttpCaller, body: bytes) -> None:
    with serving(answering(body)) as (port, _):
        response = get(caller, port, timedelta(seconds=5))
    assert (response.status, response.json) == (200, None)


def test_json_loses_what_postgresql_refuses(caller: HttpCaller) -> None:
    with serving(answering(rb'{"a": "x\u0000y"}')) as (port, _):
        assert get(caller, port).json == {"a": "x�y"}


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "127.0.0.1/lag",
        "http://",
        "http:///lag",
        "http://127.0.0.1:99999/",
        "ht!tp://x/",
        "http://x/\x00",
        "http://a..b/",
        f"http://{'a' * 70}.example/",
        "http://no-such-host.invalid/",
    ],
)
def test_what_is_no_address_was_not_sent(url: str) -> None:
    with pytest.raises(NotSent):
        call(HttpCaller(EgressPolicy()), HttpRequest("GET", url))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_what_the_policy_forbids_is_not_called(host: str) -> None:
    with serving(answering()) as (port, requests):
        with pytest.raises(NotAllowed):
            call(HttpCaller(EgressPolicy()), HttpRequest("GET", f"http://{host}:{port}/"))
        assert requests == []


def test_no_proxy_of_the_environment_is_used(caller: HttpCaller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(answering()) as (port, _):
        http = HttpCaller(EgressPolicy.parse(["127.0.0.1"]))
        assert get(http, port).status == 200
        http.close()


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), SystemExit(1), UnicodeError("x")])
def test_whatever_ends_the_calls_thread_answers_at_once(
    caller: HttpCaller, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*_given: object) -> None:
        raise error

    monkeypatch.setattr(caller, "_build", build)
    with pytest.raises(NotSent, match=r"The request was not sent: something went wrong on our side\..* err_"):
        get(caller, 9, timedelta(hours=1))


def test_what_nobody_foresaw_while_the_answer_is_read_is_doubt(
    caller: HttpCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_given: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("core.io.http.read_response", read)
    with serving(answering()) as (port, _), pytest.raises(NoAnswer, match="err_"):
        get(caller, port, timedelta(hours=1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Größe", "big"),
        ("Authorization", "Bearer schlüssel"),
        ("X A", "b"),
        ("X-A", "a\nX-B: c"),
        ("", "b"),
    ],
)
def test_a_header_that_http_cannot_carry_is_not_sent(caller: HttpCaller, name: str, value: str) -> None:
    with serving(answering()) as (port, requests):
        request = HttpRequest("GET", f"http://127.0.0.1:{port}/", {name: value})
        with pytest.raises(NotSent, match="header"):
            call(caller, request, timedelta(hours=1))
        assert requests == []
