"""What every request passes, whatever it asks for: its size, its id and log line, the headers of its answer."""

import math
import re
import time
from collections import Counter

import structlog
from anyio import move_on_after
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.rest.problem import REQUEST_ID_HEADER, RETRY_AFTER, Refusal, problem, request_id_of
from core.error_codes import ErrorCode

log = structlog.get_logger()

LARGEST_BODY = 1024 * 1024  # bytes
LARGEST_ALERT = (
    8 * LARGEST_BODY
)  # an outage is no reason to send less; what is in it is bounded where it is read
MOST_LARGE, MOST_OF_ONE = 4, 2  # bodies beyond LARGEST_BODY that are under way at once, and of one sender
CLOSE = {"Connection": "close"}
LARGE_SECONDS = 20.0  # for the rest of one
ALERTS = "/api/alerts/"
TOO_LARGE = "The body is too large: at most {largest} bytes are read."
FEWER = " Let the sender put fewer alerts into one group (max_alerts)."
SLOW = f"The rest of a large body took longer than {LARGE_SECONDS:g} s."
BUSY = "Several large bodies are being read just now. Send it again."

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


CREDENTIAL = re.compile(r"(/api/callbacks/).+", re.DOTALL)  # who knows this address may use it


class RequestLog:
    """One log line a request, and its id in all lines that are logged meanwhile. No query: it may hold a token."""

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

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                seconds = round(time.monotonic() - began, 4)
                path = CREDENTIAL.sub(r"\1…", scope["path"])
                log.info("request", method=scope["method"], path=path, status=status, seconds=seconds)


class BodyLimit:
    """Refuses a body that says it is too large before reading it, and stops reading one that turns out so.

    Groups of alerts may be larger than anything else, but only a few such at once: the others are told to come again.
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
    """Which are being read: so many at once, and of one sender fewer, so that nobody keeps the others out."""

    def __init__(self) -> None:
        self._senders: Counter[str] = Counter()

    def enter(self, sender: str) -> bool:
        """Whether there is room for one more of this sender. Asked from the event loop alone."""
        if self._senders.total() >= MOST_LARGE or self._senders[sender] >= MOST_OF_ONE:
            return False
        self._senders[sender] += 1
        return True

    def leave(self, sender: str) -> None:
        self._senders[sender] -= 1
        self._senders += Counter()  # who has none is forgotten


def _sender(scope: Scope) -> str:
    """By its token; who signs instead of carrying one, by its address."""
    authorization = Headers(scope=scope).get("Authorization", "")
    return authorization or str((scope.get("client") or ("",))[0])


class _Body:
    """One request's body while it is read."""

    def __init__(self, receive: Receive, largest: int, large: LargeBodies, sender: str) -> None:
        self._receive, self._largest, self._large, self._sender = receive, largest, large, sender
        self._read, self._is_large, self._until = 0, False, math.inf

    async def receive(self) -> Message:
        """Raises the 413 of what is too large, the 503 of what is large while too many are, the 408 of what is slow."""
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
