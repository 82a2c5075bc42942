"""Errors as problems (RFC 9457), each with the id of its request.

Every request has an id: it is in the log lines of the request, in its answer, and in an error's text.

What pydantic found wrong with a request, as sentences that name the field.

Errors as `application/problem+json` (RFC 9457), and which error is which status code.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.types import Scope

from core.database import DATABASE_IS_AWAY
from core.errors import (
    Conflict,
    InsufficientScope,
    InvalidInput,
    LockHeld,
    NotAllowed,
    NotFound,
    ProblemLike,
    RunbookError,
    Stale,
    TooMany,
    Unavailable,
    VersionUnnamed,
)

REQUEST_ID_HEADER = "X-Request-Id"
STATE = "request_id"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")  # what a proxy before us may have chosen


def request_id_of(scope: Scope) -> str:
    """The request's id: as its header says, or a new one, which it keeps from then on."""
    state = scope.setdefault("state", {})
    if STATE not in state:
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        state[STATE] = given if GIVEN.fullmatch(given) else f"req_{secrets.token_hex(8)}"
    return str(state[STATE])


SHOWN = 60  # characters of a wrong value that are repeated in the sentence

# By pydantic's error type, https://docs.pydantic.dev/latest/errors/validation_errors/.
SENTENCES_OF_PYDANTIC = {
    "missing": "{field} is missing.",
    "extra_forbidden": "{field} is not known here.",
    "enum": "{field} is {input}; it must be {expected}.",
    "literal_error": "{field} is {input}; it must be {expected}.",
    "string_type": "{field} must be text.",
    "string_too_short": "{field} must have at least {min_length} characters.",
    "string_too_long": "{field} must have at most {max_length} characters.",
    "string_pattern_mismatch": "{field} is {input}; it must match {pattern}.",
    "too_long": "{field} must have at most {max_length} entries.",
    "int_parsing": "{field} is {input}; it must be a whole number.",
    "greater_than_equal": "{field} is {input}; it must be at least {ge}.",
    "less_than_equal": "{field} is {input}; it must be at most {le}.",
    "dict_type": "{field} must be an object.",
    "model_type": "{field} must be a JSON object, sent with Content-Type: application/json.",
    "model_attributes_type": "{field} must be a JSON object, sent with Content-Type: application/json.",
    "json_invalid": "{field} is not JSON: {error}.",
    "unknown_kind": "{field} is {input}; it must be {meant}.",
    "cannot_be_kept": "{field} {why}.",
}
OTHERWISE = "{field}: {msg}."


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; `field` is its path in the body, or the name of a query parameter."""

    field: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "detail": self.detail}


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Pydantic's errors, each with the `loc` that FastAPI gives it: `("body", "labels", "pager")`."""
    return [_field_error(error) for error in errors]


def _field_error(error: Mapping[str, Any]) -> FieldError:
    context = {**error.get("ctx", {})}
    field = _field(error, context)
    values = {**context, "field": field, "input": _shown(error.get("input")), "msg": error["msg"]}
    subject = "The body" if field == "body" else field
    return FieldError(
        field, SENTENCES_OF_PYDANTIC.get(error["type"], OTHERWISE).format(**values | {"field": subject})
    )


def _field(error: Mapping[str, Any], context: Mapping[str, Any]) -> str:
    if error["type"] == "json_invalid":
        return "body"
    place = [str(part) for part in (*error["loc"][1:], *context.get("path", ()))]
    return ".".join(place) or str(error["loc"][0])


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return f'"{text[:SHOWN]}…"' if len(text) > SHOWN else f'"{text}"'


log = structlog.get_logger()

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
MEDIA_TYPE = "application/problem+json"  # RFC 9457, section 3
RETRY_AFTER = {"Retry-After": "1"}  # seconds; a database that fails over is back in a few of them

STATUSES: dict[type[RunbookError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    Stale: HTTPStatus.PRECONDITION_FAILED,
    VersionUnnamed: HTTPStatus.PRECONDITION_REQUIRED,  # RFC 6585, section 3
    Conflict: HTTPStatus.CONFLICT,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
}

# For errors that Starlette raises with no more than the status' own phrase.
SENTENCES = {
    404: "There is nothing at this address. /api/openapi.json lists what there is.",
    405: "This address does not take {method}.",
}


# Where a status alone is what happened, and its name says something else.
CODES = {401: "unauthenticated", 413: "too_large", 422: "invalid_input", 500: "internal", 503: "unavailable"}


class Problem(BaseModel):
    """A problem as the OpenAPI document describes it. `code`: what kind it is, for machines.

    `field` and `errors`: of a 422; `id`: of a 500; `execution`: of a 409, where the run that holds the lock is.
    """

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    errors: list[dict[str, str]] | None = None
    id: str | None = None
    execution: str | None = None


# For the OpenAPI document: whatever is no success is a problem.
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {"description": "A problem.", "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
}


class ProblemResponse(JSONResponse):
    """Repeats what was sent, also what is no text: JSON can say half of a surrogate pair, and UTF-8 cannot."""

    media_type = MEDIA_TYPE

    def render(self, content: object) -> bytes:
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def problem(
    status: int,
    detail: str,
    *,
    code: str = "",
    headers: Mapping[str, str] | None = None,
    errors: list[FieldError] | None = None,
    **members: str,
) -> JSONResponse:
    """A problem whose type is its status alone (RFC 9457, section 4.2.1). `code`: that of the status if left out.

    `errors`: one for each field that is at fault; the first one's field is also the member `field`.
    """
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code or CODES.get(status) or HTTPStatus(status).name.lower(),
        "detail": detail,
        **members,
    }
    if errors:
        body |= {"field": errors[0].field, "errors": [error.as_json() for error in errors]}
    return ProblemResponse(body, int(status), dict(headers or {}))


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of this application as a problem."""
    app.add_exception_handler(RunbookError, refused)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    for unreachable in (*DATABASE_IS_AWAY, PoolTimeoutError):
        app.add_exception_handler(unreachable, database_unreachable)
    app.add_exception_handler(Exception, unexpected)


def refused(request: Request, error: Exception) -> Response:
    """An error of core; one without a status code of its own is our fault, not the caller's."""
    assert isinstance(error, RunbookError)
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)
    if status is None:
        return unexpected(request, error)
    return problem(
        status,
        str(error),
        code=error.code,
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
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


def http_error(request: Request, error: Exception) -> Response:
    """An unknown address, a method it does not take, a missing token, a body too large."""
    assert isinstance(error, HTTPException)
    sentence = error.detail
    if sentence == HTTPStatus(error.status_code).phrase:
        sentence = SENTENCES.get(error.status_code, sentence).format(method=request.method)
    headers = (
        {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    )
    return problem(error.status_code, sentence, headers=headers)


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
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, sentence, headers=RETRY_AFTER)


def unexpected(request: Request, error: Exception) -> Response:
    """An error that we did not foresee: its id is in the answer and in the log."""
    error_id = request_id_of(request.scope)
    log.error("request failed", error_id=error_id, method=request.method, exc_info=error)
    sentence = f"Something went wrong on our side. An operator finds it in the log under {error_id}."
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, sentence, id=error_id)
