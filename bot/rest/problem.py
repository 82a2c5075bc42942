"""Errors as `application/problem+json` (RFC 9457), each with its code and, in its header, the id of its request.

Every request has an id: it is in the log lines of the request, in its answer, and in the text of an error that nobody
foresaw. Which codes there are, and what they mean, is said in core.error_codes.
"""

import json
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from bot.rest.field_errors import FieldError, field_errors
from core.database import DATABASE_IS_AWAY
from core.error_codes import ErrorCode
from core.errors import (
    InsufficientScope,
    InvalidInput,
    LockHeld,
    ProblemLike,
    RunbookError,
    TooMany,
    Unavailable,
)

log = structlog.get_logger()

REQUEST_ID_HEADER = "X-Request-Id"
STATE = "request_id"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")  # what a proxy before us may have chosen
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
MEDIA_TYPE = "application/problem+json"  # RFC 9457, section 3
RETRY_AFTER = {"Retry-After": "1"}  # seconds; a database that fails over is back in a few of them

# What Starlette and FastAPI raise themselves, with no more than the status' own phrase.
OF_THE_FRAMEWORK = {
    code.status: code
    for code in (ErrorCode.BAD_REQUEST, ErrorCode.ROUTE_NOT_FOUND, ErrorCode.METHOD_NOT_ALLOWED)
}
SENTENCES = {
    ErrorCode.ROUTE_NOT_FOUND: "There is nothing at this address. /api/openapi.json lists what there is.",
    ErrorCode.METHOD_NOT_ALLOWED: "This address does not take {method}.",
}


def request_id_of(scope: Scope) -> str:
    """The request's id: as its header says, or a new one, which it keeps from then on."""
    state = scope.setdefault("state", {})
    if STATE not in state:
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        state[STATE] = given if GIVEN.fullmatch(given) else f"req_{secrets.token_hex(8)}"
    return str(state[STATE])


class Refusal(HTTPException):
    """A refusal of bot's own, with its code. Starlette lets an HTTPException pass wherever it is raised."""

    def __init__(self, code: ErrorCode, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code.status, sentence, headers)
        self.code = code


class ProblemResponse(JSONResponse):
    """Repeats what was sent, also what is no text: JSON can say half of a surrogate pair, and UTF-8 cannot."""

    media_type = MEDIA_TYPE

    def render(self, content: object) -> bytes:
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def problem(
    code: ErrorCode,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldError] | None = None,
    **members: str,
) -> JSONResponse:
    """The answer with the code's status, whose `type` leads to what the code means.

    `errors`: one for each field that is at fault; the first one's field is also the member `field`.
    """
    body: dict[str, object] = {
        "type": type_of(code),
        "title": code.summary,
        "status": code.status,
        "code": code,
        "detail": detail,
        **members,
    }
    if errors:
        body |= {"field": errors[0].field, "errors": [error.as_json() for error in errors]}
    return ProblemResponse(body, int(code.status), dict(headers or {}))


def type_of(code: ErrorCode) -> str:
    """The page of the code (bot.pages.problems).

    A relative reference, as RFC 9457 allows in section 3.1.1, with its full path: so it is one string in every
    installation, which clients may compare, and leads to the server that answered, also where no PUBLIC_URL is set.
    """
    return f"/problems/{code}"


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of this application as a problem."""
    app.add_exception_handler(RunbookError, refused)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    for unreachable in (*DATABASE_IS_AWAY, PoolTimeoutError):
        app.add_exception_handler(unreachable, database_unreachable)
    app.add_exception_handler(Exception, unexpected)


def refused(request: Request, error: Exception) -> Response:
    """An error of core; one without a code of its own is our fault, not the caller's."""
    assert isinstance(error, RunbookError)
    code = ErrorCode.named(error.code)
    if code is None or code is ErrorCode.INTERNAL:
        return unexpected(request, error)
    return problem(
        code,
        str(error),
        headers=_headers_of(error),
        errors=_errors_of(error),
        **_links_of(error),
    )


def _headers_of(error: RunbookError) -> Mapping[str, str]:
    if isinstance(error, InsufficientScope):  # RFC 6750, section 3
        return {"WWW-Authenticate": f'Bearer error="{error.code}", scope="{error.scope}"'}
    if isinstance(error, TooMany):
        return {"Retry-After": str(error.retry_after)}
    return RETRY_AFTER if isinstance(error, Unavailable) else {}


def _links_of(error: RunbookError) -> dict[str, str]:
    """Where the run that holds a lock is shown."""
    holder = error.holder if isinstance(error, LockHeld) else None
    return {"execution": f"/api/runbooks/executions/{holder}"} if holder else {}


def _errors_of(error: RunbookError) -> list[FieldError]:
    problems = error.problems if isinstance(error, InvalidInput) else ()
    if problems:
        return [FieldError(_field_of(each) or error.field or "body", str(each)) for each in problems]
    return [FieldError(error.field, str(error))] if error.field else []


def _field_of(problem: ProblemLike) -> str | None:
    field = getattr(problem, "field", None)
    return str(field) if field else None


def invalid_request(_request: Request, error: Exception) -> Response:
    """What FastAPI found wrong with the request, in our own sentences."""
    assert isinstance(error, RequestValidationError)
    errors = field_errors(error.errors())
    detail = " ".join(error.detail for error in errors)
    return problem(ErrorCode.INVALID_INPUT, detail, errors=errors)


def http_error(request: Request, error: Exception) -> Response:
    """A refusal of bot's own; or of the framework's: an unknown address, a method it does not take, a bad body."""
    assert isinstance(error, HTTPException)
    if isinstance(error, Refusal):
        return problem(error.code, error.detail, headers=error.headers)
    code = OF_THE_FRAMEWORK.get(HTTPStatus(error.status_code))
    if code is None:
        return unexpected(request, error)
    sentence = error.detail
    if sentence == code.status.phrase:
        sentence = SENTENCES.get(code, sentence).format(method=request.method)
    is_of_method = code is ErrorCode.METHOD_NOT_ALLOWED
    return problem(code, sentence, headers={"Allow": _allowed(request)} if is_of_method else error.headers)


def _allowed(request: Request) -> str:
    """All methods of the address (RFC 9110, section 10.2.1): each route knows only its own."""
    scope = {key: request.scope[key] for key in ("type", "path", "headers")} | {"root_path": ""}
    return ", ".join(
        method
        for method in METHODS
        if any(route.matches(scope | {"method": method})[0] is Match.FULL for route in request.app.routes)
    )


def database_unreachable(_request: Request, error: Exception) -> Response:
    log.warning("database unreachable", error=str(error))
    sentence = "The database cannot be reached just now. Nothing was changed; try again."
    return problem(ErrorCode.UNAVAILABLE, sentence, headers=RETRY_AFTER)


def unexpected(request: Request, error: Exception) -> Response:
    """An error that we did not foresee: its id is in the answer and in the log."""
    error_id = request_id_of(request.scope)
    log.error("request failed", error_id=error_id, method=request.method, exc_info=error)
    sentence = f"Something went wrong on our side. An operator finds it in the log under {error_id}."
    return problem(ErrorCode.INTERNAL, sentence, id=error_id)
