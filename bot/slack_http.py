"""Slack over HTTP: signatures, threads of its own, and an answer in time.

What is answered when the time that Slack waits is over: something rather than nothing.

Slack shows an error of its own after 3 seconds (https://docs.slack.dev/interactivity/handling-user-interaction), and
people cannot tell from it whether what they asked for happened.

Slack over HTTP: `POST /slack/events` for commands, buttons and events alike.

Bolt's own ASGI adapter is not used: it runs the synchronous app on the event loop, and blocks it.
"""

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import structlog
from slack_bolt import App, BoltRequest, BoltResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.answers import EphemeralReplier
from bot.commands.call import Reply
from bot.modals.form import refusal
from core.definitions.json_text import NO_TEXT, read_json
from core.errors import InvalidInput

NOT_BEGUN = "⚠️ The bot has too much to do just now, and did nothing of this. Try again in a moment."
NOT_OVER = (
    "⏳ This takes longer than Slack waits. It may still happen: look in the channel before you try again."
)


def busy(request: BoltRequest, replier: EphemeralReplier, *, is_begun: bool) -> BoltResponse:
    """`is_begun`: the request is in the hands of a thread, which goes on with it."""
    said, body = NOT_OVER if is_begun else NOT_BEGUN, request.body
    if "command" in body:
        return BoltResponse(status=200, body=Reply(said).body())
    if body.get("type") == "event_callback":
        return BoltResponse(status=200 if is_begun else 503)  # Slack sends an event again
    if body.get("type") == "view_submission":
        view = refusal("Not done yet" if is_begun else "Not done", said)
        return BoltResponse(status=200, body=json.dumps({"response_action": "update", "view": view}))
    if body.get("type") == "block_suggestion":
        return BoltResponse(status=200, body=json.dumps({"options": []}))
    _tell(body, said, replier)
    return BoltResponse(status=200)


def tell_late(request: BoltRequest, answer: BoltResponse | None, replier: EphemeralReplier) -> None:
    """What a command came to after all, by the way that is left: whoever typed it waits for it."""
    if answer is None or "command" not in request.body or not answer.body:
        return
    said = json.loads(answer.body).get("text")
    if said:
        _tell(request.body, said, replier)


def _tell(body: Mapping[str, Any], said: str, replier: EphemeralReplier) -> None:
    response_url = body.get("response_url")
    if isinstance(response_url, str):
        replier(response_url, said)


log = structlog.get_logger()

PATH = "/slack/events"
NOT_SLACKS = "This is no request of Slack's."
MOST_BYTES = 1_048_576
MOST_FIELDS = 100  # of a form; Slack's commands have a dozen
THREADS = 16
ANSWER_SECONDS = 2.3  # of the 3 that Slack waits; the rest is for the way there and back
LONGEST_SSL_CHECK = 1_000  # bytes: nobody signs it
FRESH = timedelta(minutes=5)  # https://docs.slack.dev/authentication/verifying-requests-from-slack
TIMESTAMP = re.compile(r"[0-9]{1,11}")
AGAIN = 60.0  # seconds after which the same reason for a refusal is told again


def slack_route(app: App, signing_secret: str, replier: EphemeralReplier | None = None) -> Route:
    """The route to mount at the root of the web app. `whisper`: how who pressed a button is told that we are busy."""
    endpoint = SlackEndpoint(app, signing_secret, replier or EphemeralReplier())
    return Route(PATH, endpoint.respond, methods=["GET", "POST"])


class SlackEndpoint:
    """Hands verified requests to the Bolt app, in threads of its own."""

    def __init__(self, app: App, signing_secret: str, replier: EphemeralReplier) -> None:
        self._app, self._secret, self._whisper = app, signing_secret, replier
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="slack")
        self._refusals = Refusals()

    async def respond(self, request: Request) -> Response:
        """401 for what is not Slack's, 413 for too much, 400 for what Slack would not say."""
        if request.method == "GET":
            return Response(status_code=200 if request.query_params.get("ssl_check") == "1" else 405)
        raw = await _read(request)
        if raw is None:
            return Response(f"At most {MOST_BYTES} bytes.", 413, media_type="text/plain")
        if not is_signed(self._secret, request.headers, raw, datetime.now(UTC)):
            if is_ssl_check(raw):
                return Response(status_code=200)
            self._refusals.tell(why_refused(self._secret, request.headers, raw, datetime.now(UTC)))
            return Response(status_code=401)
        try:
            bolt = bolt_request(raw.decode(), {name: [value] for name, value in request.headers.items()})
        except (ValueError, TypeError, AttributeError, InvalidInput):
            return Response(NOT_SLACKS, 400, media_type="text/plain")
        answer = await self._in_time(bolt)
        return _response(answer) if answer else Response(NOT_SLACKS, 400, media_type="text/plain")

    async def _in_time(self, request: BoltRequest) -> BoltResponse | None:
        """The app's answer; or that it is busy, while there is still time to say so. What has begun goes on."""
        # In a copy of the request's context, so that what it starts knows its id, and its trace.
        future = self._threads.submit(copy_context().run, self._dispatched, request)
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait([waiting], timeout=ANSWER_SECONDS)
        if done:
            return await waiting
        is_begun = not future.cancel()
        waiting.add_done_callback(partial(self._over_late, request))
        log.warning("slack was kept waiting", is_begun=is_begun)
        return busy(request, self._whisper, is_begun=is_begun)

    def _over_late(self, request: BoltRequest, late: "asyncio.Future[BoltResponse | None]") -> None:
        if late.cancelled():
            return
        if late.exception() is not None:
            log.error("a late request failed", exc_info=late.exception())
        else:
            tell_late(request, late.result(), self._whisper)

    def _dispatched(self, request: BoltRequest) -> BoltResponse | None:
        """None where Bolt stumbles over what it takes for granted; what listeners raise, it hands to their handler."""
        try:
            response: BoltResponse = self._app.dispatch(request)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            log.warning("no request of Slack's", error=type(error).__name__)
            return None
        return response


async def _read(request: Request) -> bytes | None:
    """The body; None as soon as it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether Slack signed this body lately.

    This is not left to Bolt, which answers 500 to a timestamp that is no number, and to a signature that is not ASCII,
    and takes what anybody signed with an empty secret.
    """
    timestamp = headers.get("x-slack-request-timestamp", "")
    if not secret:  # anybody can sign with an empty key
        return False
    if not TIMESTAMP.fullmatch(timestamp) or abs(now.timestamp() - int(timestamp)) > FRESH.total_seconds():
        return False
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v0={digest}".encode(), headers.get("x-slack-signature", "").encode())


def why_refused(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """For the log: what is wrong with a request that `is_signed` refuses, and what to do if it was Slack's."""
    stamp = headers.get("x-slack-request-timestamp", "")
    if not TIMESTAMP.fullmatch(stamp):
        return "it has no timestamp of Slack's"
    if not is_signed(secret, headers, body, datetime.fromtimestamp(int(stamp), UTC)):
        return "its signature does not fit SLACK_SIGNING_SECRET"
    off = round(now.timestamp() - int(stamp))
    return (
        f"Slack signed it {abs(off)} s {'ago' if off > 0 else 'from now'} by this machine's clock: "
        "is the clock right? (`runbook doctor`)"
    )


class Refusals:
    """Tells why requests are refused: each reason once in a while, for anybody may send as many as they like."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def tell(self, why: str) -> None:
        kind, now = why.partition(" s ")[2] or why, time.monotonic()
        if now - self._told.get(kind, -AGAIN) >= AGAIN:
            self._told[kind] = now
            log.warning("a request to Slack's address was refused", reason=why)


def is_ssl_check(body: bytes) -> bool:
    """Slack looks at the certificate now and then, and wants a 200 that means nothing.

    https://docs.slack.dev/interactivity/implementing-slash-commands
    """
    if len(body) > LONGEST_SSL_CHECK:
        return False
    return parse_qs(body.decode(errors="replace")).get("ssl_check") == ["1"]


def bolt_request(raw: str, headers: Mapping[str, list[str]]) -> BoltRequest:
    """The request as Bolt wants it. Raises ValueError, TypeError or AttributeError for what cannot be one, InvalidInput
    for what is nested too deep to be parsed, or holds what nobody could keep.

    Bolt takes every form with the word `payload` in it for a button's, and would lose a command that says it: there
    the word is written in another way while the form is read.
    """
    is_json = raw.startswith("{") or any("json" in value for value in headers.get("content-type", ()))
    form = {} if is_json else parse_qs(raw, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    for text in [raw] if is_json else form.get("payload", []):
        read_json(text.encode())
    if any(NO_TEXT.search(text) for texts in form.values() for text in texts):
        raise InvalidInput("There is a character in it that is none.")
    is_form = not is_json and "payload" not in form
    readable = raw.replace("payload", "%70ayload") if is_form else raw
    request = BoltRequest(body=readable, headers=dict(headers))
    request.raw_body = raw
    return request


def _response(answer: BoltResponse) -> Response:
    response = Response(answer.body, answer.status)
    for name, values in answer.headers.items():
        for value in values:
            if name.lower() != "content-length":
                response.headers.append(name, value)
    return response
