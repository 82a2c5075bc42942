"""HTTP calls with a total deadline, a bounded answer, and an honest account of what is known."""

import json
import math
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2

from core.decisions.execution import Json

from .egress import EgressPolicy, checked_address
from .text import Excerpt, without_nul

MOST_BYTES = 1_048_576  # of a response that is read; beyond that it is cut
CONNECT_SECONDS = 10.0
WATCH_SECONDS = 0.05  # how often a running call looks whether it should stop

# It never left: the connection was not made.
NEVER_LEFT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol, httpx2.PoolTimeout)


@dataclass(frozen=True)
class HttpRequest:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Json] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    text: str
    json: Json
    truncated: bool


class NotSent(Exception):
    """The request did not reach the other side: it certainly did not happen."""


class NoAnswer(Exception):
    """The request left, and no whole answer came in time: it may have happened."""


class HttpCaller:
    """Calls over one pool of connections, to where the egress policy lets it."""

    def __init__(self, egress: EgressPolicy) -> None:
        self._egress = egress
        self._client = httpx2.Client(follow_redirects=False, trust_env=False, timeout=CONNECT_SECONDS)

    def close(self) -> None:
        self._client.close()

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:
        """The response, within `limit` in all.

        Raises NotSent, NoAnswer (also when `stop` is set meanwhile), or core's NotAllowed for the policy.
        """
        answer: Future[HttpResponse] = Future()
        built, given_up = self._build(request, limit), threading.Event()
        worker = threading.Thread(target=self._send, args=(built, answer, given_up), name="http", daemon=True)
        worker.start()
        try:
            return _await(answer, limit, stop)
        finally:
            given_up.set()

    def _build(self, request: HttpRequest, limit: timedelta) -> httpx2.Request:
        """The request to the very address that was checked; name and certificate stay the host's."""
        url = _parse(request.url)
        host = url.raw_host.decode("ascii")
        try:
            port = url.port or (443 if url.scheme == "https" else 80)
            address = checked_address(self._egress, host, port)
        except (OSError, UnicodeError) as error:
            raise NotSent(f"{url.host} has no address: {error}.") from error
        called = url.copy_with(host=address)
        return self._client.build_request(
            request.method,
            called.copy_merge_params(_query(request.query)) if request.query else called,
            headers={**request.headers, "Host": url.netloc.decode("ascii")},
            content=request.content,
            timeout=httpx2.Timeout(limit.total_seconds(), connect=CONNECT_SECONDS),
            extensions={"sni_hostname": host},
        )

    def _send(
        self, request: httpx2.Request, answer: "Future[HttpResponse]", given_up: threading.Event
    ) -> None:
        try:
            answer.set_result(_read(self._client.send(request, stream=True), given_up))
        except NEVER_LEFT as error:
            answer.set_exception(NotSent(f"No connection to {request.url.netloc.decode()}: {error}."))
        except httpx2.HTTPError as error:
            answer.set_exception(NoAnswer(f"No whole answer: {error or type(error).__name__}."))


def _parse(text: str) -> httpx2.URL:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise NotSent(f"{text!r} is no address: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 80) < 65_536:
        raise NotSent(f"{text!r} is no http or https address.")
    return url


def _await(answer: "Future[HttpResponse]", limit: timedelta, stop: threading.Event) -> HttpResponse:
    done = threading.Event()
    answer.add_done_callback(lambda _: done.set())
    remaining = limit.total_seconds()
    while not done.wait(min(WATCH_SECONDS, max(remaining, 0))):
        remaining -= WATCH_SECONDS
        if stop.is_set():
            raise NoAnswer("It was stopped before an answer came.")
        if remaining <= 0:
            raise NoAnswer(f"No whole answer within {limit.total_seconds():g} s.")
    return answer.result()


def _query(query: Mapping[str, Json]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}


def _read(response: httpx2.Response, given_up: threading.Event) -> HttpResponse:
    """Until the end, the limit, or until nobody waits for it any more."""
    excerpt, size, body = Excerpt(), 0, bytearray()
    try:
        for chunk in response.iter_bytes():
            excerpt.add(chunk)
            body += chunk
            size += len(chunk)
            if size > MOST_BYTES or given_up.is_set():
                excerpt.cut()
                break
    finally:
        response.close()
    return HttpResponse(
        response.status_code,
        dict(response.headers),
        excerpt.text(),
        _json(bytes(body)),
        truncated=size > MOST_BYTES or not excerpt.is_whole,
    )


def _json(body: bytes) -> Json:
    """None for what is no JSON, or none that PostgreSQL keeps: numbers are finite, nesting has an end."""
    try:
        parsed: Json = json.loads(body, parse_float=_finite, parse_constant=_finite)
        return without_nul(parsed)  # type: ignore[return-value]  # what is JSON stays JSON
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
