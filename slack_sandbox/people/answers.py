"""Between requests and handlers: checks bodies, and turns refusals into sentences."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from slack_sandbox.people.requests import Body
from slack_sandbox.values import Json, SlackError

Given = TypeVar("Given", bound=Body)
Endpoint = Callable[[Request], Awaitable[Response]]


def refused(error: SlackError) -> JSONResponse:
    """A refusal is an ordinary outcome: HTTP 200 with ``ok: false``, as with Slack's own API."""
    details = "; ".join(error.messages)
    message = f"{error.sentence} {details}".strip()
    return JSONResponse({"ok": False, "error": error.error, "message": message})


def answering(handler: Callable[[Request], Awaitable[Json]]) -> Endpoint:
    """An endpoint without a body."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except SlackError as error:
            return refused(error)

    return endpoint


def taking(model: type[Given], handler: Callable[[Request, Given], Awaitable[Json]]) -> Endpoint:
    """An endpoint that takes a JSON body of this shape; any other is answered with HTTP 400."""

    async def endpoint(request: Request) -> Response:
        try:
            body = model.model_validate_json(await request.body() or b"{}")
        except ValidationError as error:
            message = "; ".join(f"{_where(item['loc'])}: {item['msg']}" for item in error.errors())
            return JSONResponse({"ok": False, "error": "invalid_arguments", "message": message}, 400)
        try:
            return JSONResponse(await handler(request, body))
        except SlackError as error:
            return refused(error)

    return endpoint


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"


def number_after(text: str) -> int | None:
    """The number of the last thing seen, or None when none was given. Raises SlackError on anything else."""
    if not text:
        return None
    if not text.isdecimal():
        raise SlackError("invalid_arguments", sentence="after is the number of the last one you have seen.")
    return int(text)
