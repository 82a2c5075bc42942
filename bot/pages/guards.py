"""Middleware for every request: the body's size limit, the request's id and log line, the response's headers."""

import math
import re
import time
from collections import Counter
from contextlib import AbstractContextManager, nullcontext

import structlog
from anyio import move_on_after
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.rest.problem import REQUEST_ID_HEADER, RETRY_AFTER, Refusal, problem, request_id_of
from core.error_codes import ErrorCode
from core.tracing import Annotate, span

log = structlog.get_logger()

LARGEST_BODY = 1024 * 1024  # bytes
LARGEST_ALERT = (
    8 * LARGEST_BODY
)  # large groups of alerts are normal in an outage; the reader of the body bounds its content
MOST_LARGE, MOST_OF_ONE = 4, 2  # bodies over LARGEST_BODY that are read at once: in all, and of one sender
CLOSE = {"Connection": "close"}
LARGE_SECONDS = 20.0  # for reading the rest of such a body
ALERTS = "/api/alerts/"
TOO_LARGE = "The body is too large: at most {largest} bytes are read."
FEWER = " Have the sender put fewer alerts into one group (max_alerts)."
SLOW = f"The rest of a large body took longer than {LARGE_SECONDS:g} s."
BUSY = "Too many large bodies are being read at the moment. Send it again."

# https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class SafeHeaders:
    """Adds the security headers to every answer that has none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)


PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
CREDENTIAL = re.compile(r"(/api/callbacks/).+", re.DOTALL)  # the address itself is the credential


class RequestLog:
    """Logs one line for each request, and adds the request's id to all log lines meanwhile.

    The query is not logged, because it may hold a token.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 500
        request_id = request_id_of(scope)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        path = CREDENTIAL.sub(r"\1…", scope["path"])
        with structlog.contextvars.bound_contextvars(request_id=request_id), _traced(scope, path) as annotate:
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                seconds = round(time.monotonic() - began, 4)
                annotate(status=status)
                log.info("request", method=scope["method"], path=path, status=status, seconds=seconds)


def _traced(scope: Scope, path: str) -> AbstractContextManager[Annotate]:
    """Return the span of a request, except of those that ask how we are."""
    if path in PROBES:
        return nullcontext(lambda **_: None)
    return span("request", request_id_of(scope), begins=True, method=scope["method"], path=path)


class BodyLimit:
    """Refuses a body whose Content-Length is too large, and stops reading one that turns out to be.

    Groups of alerts may be larger than other bodies, but only a few at a time: the others get a 503 with Retry-After.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._large = LargeBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        largest = LARGEST_ALERT if scope["path"].startswith(ALERTS) else LARGEST_BODY
        announced = Headers(scope=scope).get("Content-Length", "")
        if announced.isdecimal() and int(announced[:20]) > largest:
            await problem(ErrorCode.TOO_LARGE, too_large(largest), headers=CLOSE)(scope, receive, send)
            return
        body = _Body(receive, largest, self._large, _sender(scope))
        try:
            await self._app(scope, body.receive, send)
        finally:
            body.close()


class LargeBodies:
    """The large bodies that are being read. Each sender may have fewer than all, so that nobody blocks the others."""

    def __init__(self) -> None:
        self._senders: Counter[str] = Counter()

    def enter(self, sender: str) -> bool:
        """Return True, and count it, if this sender may send one more. Call it only from the event loop."""
        if self._senders.total() >= MOST_LARGE or self._senders[sender] >= MOST_OF_ONE:
            return False
        self._senders[sender] += 1
        return True

    def leave(self, sender: str) -> None:
        self._senders[sender] -= 1
        self._senders += Counter()  # drops senders whose count is zero


def _sender(scope: Scope) -> str:
    """Return the sender's token, or its address if it signs instead."""
    authorization = Headers(scope=scope).get("Authorization", "")
    return authorization or str((scope.get("client") or ("",))[0])


class _Body:
    """One request's body while it is read."""

    def __init__(self, receive: Receive, largest: int, large: LargeBodies, sender: str) -> None:
        self._receive, self._largest, self._large, self._sender = receive, largest, large, sender
        self._read, self._is_large, self._until = 0, False, math.inf

    async def receive(self) -> Message:
        """Receive the next part. Raises 413 if it is too large, 503 if too many are being read, 408 if too slow."""
        with move_on_after(self._until - time.monotonic()) as scope:
            message = await self._receive()
        if scope.cancelled_caught:
            raise Refusal(ErrorCode.REQUEST_TIMEOUT, SLOW, CLOSE)
        self._read += len(message.get("body", b""))
        if self._read > self._largest:
            raise Refusal(ErrorCode.TOO_LARGE, too_large(self._largest), CLOSE)
        if self._read > LARGEST_BODY and not self._is_large:
            self._is_large = self._large.enter(self._sender)
            if not self._is_large:
                raise Refusal(ErrorCode.UNAVAILABLE, BUSY, CLOSE | RETRY_AFTER)
            self._until = time.monotonic() + LARGE_SECONDS
        if not message.get("more_body", False):
            self._until = math.inf
        return message

    def close(self) -> None:
        if self._is_large:
            self._large.leave(self._sender)


def too_large(largest: int) -> str:
    return TOO_LARGE.format(largest=largest) + (FEWER if largest == LARGEST_ALERT else "")
