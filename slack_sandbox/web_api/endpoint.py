"""``/api/METHOD``: from an HTTP request to a method's answer, past faults, tokens and rate limits."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from slack_sandbox.delivery.call_log import ApiCall
from slack_sandbox.faults import Fault
from slack_sandbox.inspector import Exchange
from slack_sandbox.oauth import basic_credentials
from slack_sandbox.own_origin import origin_of
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.stream import cut
from slack_sandbox.values import Json, SlackError
from slack_sandbox.web_api.method import Arguments, Call, Method, parse_arguments, refusal, token_from
from slack_sandbox.web_api.scopes import kinds_asked, missing_scope, needed_scopes, scope_headers


@dataclass(frozen=True)
class Answer:
    body: Json
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        return JSONResponse(self.body, self.status, self.headers)


def rate_limited(seconds: int) -> Answer:
    """https://docs.slack.dev/apis/web-api/rate-limits#responding"""
    return Answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})


@dataclass(frozen=True)
class WebApi:
    sandbox: Sandbox
    registry: Mapping[str, Method]

    async def handle(self, request: Request) -> Response:
        """The endpoint. Anything that is no fault is answered with HTTP 200 and ``ok``, as Slack does."""
        name = request.path_params["method"]
        try:
            arguments = parse_arguments(
                request.headers.get("content-type", ""), await request.body(), request.url.query
            )
        except SlackError as error:
            return Answer(error.as_answer()).response()
        arguments = arguments.and_also(basic_credentials(request.headers.get("authorization", "")))
        fault = self.sandbox.faults.take(name, arguments.text("channel"))
        if fault and fault.kind != "reset_after_accept":
            self._record(name, arguments, None, f"fault: {fault.kind}")
            return await self._play(fault, request)
        answer = self._answer(name, arguments, request)
        self._record(name, arguments, answer, "fault: reset_after_accept" if fault else None)
        return await cut(request) if fault else answer.response()

    def _answer(self, name: str, arguments: Arguments, request: Request) -> Answer:
        method = self.registry.get(name)
        if method is None:
            return Answer({"ok": False, "error": "unknown_method", "req_method": name})
        token = token_from(request.headers.get("authorization", ""), arguments.text("token"))
        installation = self.sandbox.installation_of(token) or self.sandbox.installation
        error = refusal(installation.app, token, method.token)
        if not error and method.token == "bot":
            error = installation.revoked
        if error:
            return Answer({"ok": False, "error": error})
        needed = self._needed(name, method, arguments)
        headers = scope_headers(installation.scopes, needed) if method.token == "bot" else {}
        lacking = missing_scope(installation.scopes, needed)
        if lacking:
            return Answer(lacking, headers=headers)
        answer = self._run(self.sandbox.seen_by(installation.app.id), name, arguments, request)
        return replace(answer, headers={**headers, **answer.headers})

    def _run(self, sandbox: Sandbox, name: str, arguments: Arguments, request: Request) -> Answer:
        method, now = self.registry[name], sandbox.clock()
        if sandbox.config.enforce_rate_limits:
            channel = arguments.text("channel")
            wait = sandbox.rate_limits.retry_after(name, method.limit, channel, now)
            if wait is not None:
                return rate_limited(wait)
        return run(method, Call(arguments, sandbox, now, origin_of(request)))

    def _needed(self, name: str, method: Method, arguments: Arguments) -> list[tuple[str, ...]]:
        channel = self.sandbox.workspace.channels.get(arguments.text(method.channel_argument))
        given = {key: arguments.text(key) for key in ("types", "is_private")}
        return needed_scopes(name, kinds_asked(name, channel, given))

    async def _play(self, fault: Fault, request: Request) -> Response:
        if fault.kind == "ratelimited":
            return rate_limited(fault.retry_after).response()
        if fault.kind == "status":
            return PlainTextResponse("A fault played by the Slack sandbox.", fault.status)
        if fault.kind == "error":
            return Answer({"ok": False, "error": fault.error}).response()
        if fault.kind == "timeout":
            await silence(request, fault.seconds)
        return await cut(request)

    def _record(self, name: str, arguments: Arguments, answer: Answer | None, fault: str | None) -> None:
        body = answer.body if answer else {}
        calls = self.sandbox.calls
        call = ApiCall(
            n=calls.next_number(),
            at=self.sandbox.clock(),
            method=name,
            arguments=arguments.as_sent(),
            ok=bool(body.get("ok")),
            error=fault or body.get("error"),
            http_status=answer.status if answer and not fault else 0,
            ts=body.get("ts") or body.get("message_ts"),
        )
        calls.add(call)
        self.sandbox.inspector.add(exchange_of(call, answer))


def exchange_of(call: ApiCall, answer: Answer | None) -> Exchange:
    return Exchange(
        at=call.at,
        kind="web_api",
        title=call.method,
        outcome=call.error or "ok",
        failed=not call.ok or call.error is not None,
        seconds=0.0,
        request=call.arguments,
        answer=answer.body if answer else None,
        status=answer.status if answer else None,
    )


async def silence(request: Request, seconds: float) -> None:
    """Say nothing for so long, or until the caller gives up: then there is nobody left to keep waiting."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await request.receive()


def run(method: Method, call: Call) -> Answer:
    try:
        return Answer({"ok": True, **method.run(call)})
    except SlackError as error:
        return Answer(error.as_answer())
