"""HTTP calls with a total deadline, a bounded answer, and a reliable account of whether the request was sent."""

import json
import secrets
import ssl
import threading
import weakref
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2
import structlog

from core.errors import NotAllowed, RunbookError
from core.io.attempts import Attempt, BrokenOff, Deadline, held_until
from core.io.egress import EgressPolicy, checked_address
from core.io.kept_threads import KeptThreads
from core.io.response import HttpResponse, read_response
from core.io.text import NO_MASK, Mask
from core.io.tls import Tls
from core.values.destinations import Destinations, check_destination
from core.values.execution import Json
from core.values.headers import joined, why_no_header

log = structlog.get_logger()

CONNECT_SECONDS = 10.0
BEHIND_SECONDS = 1.0
WATCH_SECONDS = 0.05  # how often a running call checks whether it should stop


@dataclass(frozen=True)
class HttpRequest:
    """A request. `carried`: where each secret in it may go. `shown_url`: the URL with secrets marked, for errors.
    `mask`: hides secrets in the answer's text before it is truncated. `tls`: other trust than the system's, if given.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Json] = field(default_factory=dict)
    content: bytes | None = None
    carried: tuple[Destinations, ...] = ()
    shown_url: str = ""
    mask: Mask = NO_MASK
    tls: Tls | None = None

    def named(self, plain: str) -> str:
        """Return how an error may name the URL, or a part of it."""
        return self.shown_url if self.holds_secrets else plain

    @property
    def holds_secrets(self) -> bool:
        """Whether the URL itself contains secrets."""
        return bool(self.shown_url) and self.shown_url != self.url


class NotSent(Exception):
    """The request did not reach the other side: it certainly did not happen."""


class NoAnswer(Exception):
    """The request was sent, and no complete answer came in time: it may have happened."""


@cache
def _certificates() -> ssl.SSLContext:
    """Return the trusted authorities, read once per process because it takes 25 ms."""
    return httpx2.create_ssl_context(trust_env=False)


class HttpCaller:
    """Calls hosts that the egress policy allows, each over its own connection.

    Connections are not reused: the peer may have closed one, and then nobody knows whether a request arrived; bytes
    that follow an answer would be taken for the next one's; and a connection was made for one host, whose name and
    certificate differ from those of another host at the same address. Nor are cookies kept: they would reach other
    teams' requests.
    """

    def __init__(self, egress: EgressPolicy) -> None:
        self._egress = egress
        self._client = _client(_certificates())
        self._threads = KeptThreads("http")
        # also if nobody closes it
        self._end = weakref.finalize(self, _close_all, self._client, self._threads)

    def close(self) -> None:
        self._end()

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:
        """Return the response, within `limit` in total: name resolution, connection, handshakes, and every byte of the
        answer.

        Raises NotSent, NoAnswer (also if `stop` is set meanwhile), or NotAllowed if the policy forbids the call.
        """
        answer: Future[HttpResponse] = Future()
        attempt = Attempt(lambda: held_until(stop))
        self._threads.run(lambda: self._attempt(request, limit, attempt, answer))
        return _await(answer, attempt, limit, stop)

    def _attempt(
        self, request: HttpRequest, limit: timedelta, attempt: Attempt, answer: "Future[HttpResponse]"
    ) -> None:
        """Make the call. Any exception is passed to the waiting caller, who would otherwise wait for nothing."""
        try:
            built = self._build(request, limit, attempt)
            with self._client_for(request) as client:
                answer.set_result(_read(client.send(built, stream=True), request.mask))
        except BaseException as error:  # noqa: BLE001 as above
            answer.set_exception(_call_error(error, request, attempt))
        finally:
            attempt.close()

    def _client_for(self, request: HttpRequest) -> AbstractContextManager[httpx2.Client]:
        """Return the client that trusts whom the request trusts. One of its own is closed after the request."""
        if request.tls is None:
            return nullcontext(self._client)
        try:
            return _client(request.tls.context())
        except ValueError as error:
            raise NotSent(str(error)) from None

    def _build(self, request: HttpRequest, limit: timedelta, attempt: Attempt) -> httpx2.Request:
        """Build the request to exactly the address that was checked; name and certificate remain the host's."""
        url = _parse(request)
        for name, value in request.headers.items():
            if why := why_no_header(name, value):
                raise NotSent(why)
        host = url.raw_host.decode("ascii")
        port = url.port or (443 if url.scheme == "https" else 80)
        check_destination(request.carried, host, port)
        try:
            address = checked_address(self._egress, host, port)
        except (OSError, UnicodeError) as error:
            raise NotSent(f"{request.named(url.host)} has no address: {error}.") from error
        except NotAllowed as error:
            if not request.holds_secrets:
                raise
            raise NotAllowed(f"{request.shown_url} may not be called from here.", hint=error.hint) from None
        called = url.copy_with(host=address)
        return self._client.build_request(
            request.method,
            called.copy_merge_params(_query(request.query)) if request.query else called,
            headers=joined(request.headers, {"Host": url.netloc.decode("ascii")}),
            content=request.content,
            timeout=_own_limits(limit),
            extensions={"sni_hostname": host, "trace": attempt.trace},
        )


def _close_all(*opened: httpx2.Client | KeptThreads) -> None:
    for each in opened:
        each.close()


def _client(trust: ssl.SSLContext) -> httpx2.Client:
    return httpx2.Client(
        verify=trust,
        follow_redirects=False,
        trust_env=False,
        timeout=CONNECT_SECONDS,
        limits=httpx2.Limits(max_keepalive_connections=0),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def _own_limits(limit: timedelta) -> httpx2.Timeout:
    """Return the limits of single connections and reads: longer than the total limit, which alone reports a timeout."""
    seconds = limit.total_seconds()
    behind = seconds + BEHIND_SECONDS
    return httpx2.Timeout(behind, connect=CONNECT_SECONDS if seconds > CONNECT_SECONDS else behind)


def _call_error(error: BaseException, request: HttpRequest, attempt: Attempt) -> BaseException:
    """Return the error that `HttpCaller.call` raises. Unexpected errors are only logged, since they may contain what
    was sent.
    """
    if isinstance(error, NotSent | RunbookError):
        return error
    if isinstance(error, httpx2.HTTPError | BrokenOff | OSError):
        return _what_is_known(error, request, attempt)
    error_id = f"err_{secrets.token_hex(4)}"
    log.error("call failed unexpectedly", error_id=error_id, exc_info=error)
    reason = f"something went wrong on our side. An operator can find it in the log under {error_id}."
    return (
        NoAnswer(f"No complete answer: {reason}")
        if attempt.has_left
        else NotSent(f"The request was not sent: {reason}")
    )


def _what_is_known(error: Exception, request: HttpRequest, attempt: Attempt) -> Exception:
    if attempt.has_left:
        return NoAnswer(f"No complete answer: {error or type(error).__name__}.")
    if isinstance(error, BrokenOff):
        return NotSent(str(error))
    host = request.named(httpx2.URL(request.url).netloc.decode("ascii", "replace"))
    return NotSent(f"No connection to {host}: {error or type(error).__name__}.")


def _parse(request: HttpRequest) -> httpx2.URL:
    text = request.named(request.url)
    try:
        url = httpx2.URL(request.url)
    except httpx2.InvalidURL as error:
        reason = "" if request.holds_secrets else f": {error}"  # it quotes the invalid URL
        raise NotSent(f"{text!r} is not a valid URL{reason}.") from error
    if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 80) < 65_536:
        raise NotSent(f"{text!r} is not an http or https URL.")
    return url


def _await(
    answer: "Future[HttpResponse]", attempt: Attempt, limit: timedelta, stop: threading.Event
) -> HttpResponse:
    done, deadline = threading.Event(), Deadline.after(limit)
    answer.add_done_callback(lambda _: done.set())
    while not done.wait(min(WATCH_SECONDS, deadline.left().total_seconds())):
        if stop.is_set() or not deadline.left():
            has_left = attempt.break_off()
            seconds = f"{round(limit.total_seconds(), 1):g} s"
            if not has_left:
                raise NotSent(
                    "The request was stopped before it was sent."
                    if stop.is_set()
                    else f"Not sent within {seconds}."
                )
            raise NoAnswer(
                "The request was stopped before an answer was received."
                if stop.is_set()
                else f"No complete answer within {seconds}."
            )
    return answer.result()


def _query(query: Mapping[str, Json]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}


def _read(response: httpx2.Response, mask: Mask) -> HttpResponse:
    try:
        return read_response(response.status_code, dict(response.headers), response.iter_bytes(), mask)
    finally:
        response.close()
