"""The HTTP service of the targets."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from json import JSONDecodeError

from pydantic import BaseModel, JsonValue, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from examples.targets.answers import Answer, Memory, answer_of, problem
from examples.targets.calls import Call, Fault, Traffic
from examples.targets.estate import Estate
from examples.targets.operations import Lag, Operations
from examples.targets.page import status_page

Endpoint = Callable[[Request], Awaitable[Response]]
Show = Callable[..., Awaitable[Answer]]

SHOWN_CALLS = 8  # on the page


def utc_now() -> datetime:
    """Return the current time with its zone."""
    return datetime.now(UTC)


async def _body(request: Request) -> JsonValue:
    raw = await request.body()
    if not raw:
        return None
    try:
        decoded: JsonValue = json.loads(raw)
    except (JSONDecodeError, UnicodeDecodeError):
        return raw.decode(errors="replace")
    return decoded


class _Endpoints:
    """Translates requests to operations, and answers to responses."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._traffic = Traffic.none()
        self._memory = Memory()

    async def _arrived(self, request: Request) -> JsonValue:
        """Record the request's arrival and return its body."""
        body = await _body(request)
        key = request.headers.get("Idempotency-Key")
        now = self._operations.now()
        self._traffic.calls.append(Call(request.method, request.url.path, key, now, body))
        return body

    async def _injected(self, request: Request) -> Response | None:
        """Apply the next fault for the request: wait for its delay, and return its error response, if any."""
        fault = self._traffic.next_fault(request.url.path)
        if fault is None:
            return None
        await asyncio.sleep(fault.delay)
        if fault.status is None:
            return None
        return problem(fault.status, "This error was injected with POST /faults.").response()

    def reads(self, show: Show) -> Endpoint:
        """Return an endpoint that shows something."""

        async def endpoint(request: Request) -> Response:
            await self._arrived(request)
            if failure := await self._injected(request):
                return failure
            return (await answer_of(partial(show, **request.path_params))).response()

        return endpoint

    def acts(self, operation: Show, model: type[BaseModel] | None = None) -> Endpoint:
        """Return an endpoint that changes something, once per Idempotency-Key."""

        async def endpoint(request: Request) -> Response:
            body = await self._arrived(request)
            if failure := await self._injected(request):
                return failure
            try:
                arguments = [model.model_validate({} if body is None else body)] if model else []
            except ValidationError as error:
                return problem(422, str(error)).response()
            key = request.headers.get("Idempotency-Key")
            do = partial(operation, request.path_params["name"], *arguments)
            return (await self._memory.once(request.url.path, key, do)).response()

        return endpoint

    async def show_calls(self, _request: Request) -> Response:
        """GET /calls: the requests so far, oldest first."""
        return JSONResponse({"calls": [call.shown() for call in self._traffic.calls]})

    async def add_fault(self, request: Request) -> Response:
        """POST /faults: make requests to a path fail or take longer."""
        try:
            fault = Fault.model_validate(await _body(request))
        except ValidationError as error:
            return problem(422, str(error)).response()
        self._traffic.faults = (*self._traffic.faults, fault)
        return JSONResponse({"fault": fault.model_dump()}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """DELETE /faults: remove all faults."""
        self._traffic.faults = ()
        return Response(status_code=204)

    async def show_page(self, _request: Request) -> Response:
        """GET /: the page for people."""
        calls = list(islice(reversed(self._traffic.calls), SHOWN_CALLS))
        return HTMLResponse(status_page(self._operations.estate, calls, self._operations.now()))


def _routes(operations: Operations) -> list[Route]:
    on = _Endpoints(operations)
    return [
        Route("/", on.show_page),
        Route("/clusters", on.reads(operations.show_clusters)),
        Route("/clusters/{name}", on.reads(operations.show_cluster)),
        Route("/clusters/{name}/lag", on.reads(operations.show_lag)),
        Route("/clusters/{name}/health", on.reads(operations.show_health)),
        Route("/clusters/{name}/promote", on.acts(operations.promote, Lag), methods=["POST"]),
        Route("/clusters/{name}/break", on.acts(operations.break_primary, Lag), methods=["POST"]),
        Route("/caches/{name}", on.reads(operations.show_cache)),
        Route("/caches/{name}/flush", on.acts(operations.flush), methods=["POST"]),
        Route("/services/{name}", on.reads(operations.show_service)),
        Route("/services/{name}/restart", on.acts(operations.restart), methods=["POST"]),
        Route("/calls", on.show_calls),
        Route("/faults", on.add_fault, methods=["POST"]),
        Route("/faults", on.clear_faults, methods=["DELETE"]),
    ]


def create_app(
    *, promote_seconds: float = 1.5, refuse_promote: bool = False, now: Callable[[], datetime] = utc_now
) -> Starlette:
    """Return the service with a healthy estate of its own.

    Every request to a cluster, cache or service is recorded in GET /calls, whatever its result.
    """
    return Starlette(routes=_routes(Operations(Estate(), now, promote_seconds, refuse_promote)))
