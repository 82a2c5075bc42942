"""Which error is which problem."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from structlog.testing import capture_logs

from bot.rest.problem import Refusal, http_error, problem, refused
from core.error_codes import ErrorCode
from core.errors import (
    AlreadyDone,
    AlreadyExists,
    ConfigurationError,
    Conflict,
    DefinitionError,
    ExpressionError,
    Frozen,
    IdempotencyKeyReused,
    InsufficientScope,
    InvalidInput,
    LockHeld,
    NotAllowed,
    NotFound,
    NotRunnable,
    RunbookError,
    Stale,
    Superseded,
    TooMany,
    Unavailable,
    VersionUnnamed,
)


@dataclass(frozen=True)
class Wrong:
    message: str
    hint: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        return self.message


def request_for(method: str = "GET") -> Request:
    return Request({"type": "http", "method": method, "path": "/", "headers": []})


def body_of(response: Response) -> Any:
    return json.loads(bytes(response.body))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("There is no incident x."), 404, "not_found"),
        (NotAllowed(), 403, "not_allowed"),
        (InsufficientScope("Not with this.", scope="run"), 403, "insufficient_scope"),
        (Conflict(), 409, "conflict"),
        (AlreadyDone(), 409, "already_done"),
        (AlreadyExists(), 409, "already_exists"),
        (Frozen(), 409, "frozen"),
        (LockHeld("Locked.", holder=None), 409, "lock_held"),
        (NotRunnable(), 409, "not_runnable"),
        (Superseded(), 409, "superseded"),
        (Stale(), 412, "stale"),
        (InvalidInput(), 422, "invalid_input"),
        (DefinitionError(), 422, "definition_error"),
        (ExpressionError(), 422, "expression_error"),
        (IdempotencyKeyReused(), 422, "idempotency_key_reused"),
        (VersionUnnamed("Which?", newest=3), 428, "version_required"),
        (TooMany("Too much.", retry_after=7), 429, "rate_limited"),
        (Unavailable(), 503, "unavailable"),
    ],
)
def test_each_error_of_core_has_its_status_and_its_code(error: RunbookError, status: int, code: str) -> None:
    response = refused(request_for(), error)

    assert response.status_code == status
    assert response.media_type == "application/problem+json"
    assert body_of(response) == {
        "type": f"/problems/{code}",
        "title": ErrorCode[code.upper()].summary,
        "status": status,
        "code": code,
        "detail": str(error),
    }
    assert ("Retry-After" in response.headers) == (status in (429, 503))


def test_the_hint_is_part_of_the_detail() -> None:
    response = refused(request_for(), Conflict("It is a draft.", hint="A platform admin approves it."))

    assert body_of(response)["detail"] == "It is a draft. A platform admin approves it."


def test_a_field_that_core_names_is_a_member() -> None:
    body = body_of(refused(request_for(), InvalidInput("cluster is missing.", field="cluster")))

    assert body["field"] == "cluster"
    assert body["errors"] == [{"field": "cluster", "detail": "cluster is missing."}]


def test_each_of_several_problems_has_its_field() -> None:
    problems = [Wrong("a is missing.", field="a"), Wrong("It is odd.")]
    body = body_of(refused(request_for(), InvalidInput(field="a", problems=problems)))

    assert body["detail"] == "a is missing.\nIt is odd."
    assert body["errors"] == [
        {"field": "a", "detail": "a is missing."},
        {"field": "a", "detail": "It is odd."},
    ]


def test_an_error_that_is_not_the_callers_is_our_fault_and_says_no_more() -> None:
    with capture_logs() as logged:
        response = refused(request_for(), ConfigurationError("SLACK_BOT_TOKEN is wrong."))

    assert response.status_code == 500
    assert "SLACK_BOT_TOKEN" not in str(body_of(response))
    assert logged[0]["error_id"] == body_of(response)["id"]


def test_the_mere_phrase_of_a_status_becomes_a_sentence() -> None:
    response = http_error(request_for("PUT"), HTTPException(404))

    assert body_of(response)["detail"].startswith("There is nothing at this address.")


def test_a_sentence_of_its_own_is_kept() -> None:
    body = body_of(http_error(request_for(), Refusal(ErrorCode.TOO_LARGE, "Too much.")))

    assert (body["status"], body["code"], body["detail"]) == (413, "too_large", "Too much.")


def test_a_status_that_the_framework_is_not_known_to_raise_is_our_fault() -> None:
    assert body_of(http_error(request_for(), HTTPException(418, "Tea.")))["code"] == "internal"


def test_a_detail_with_braces_is_said_as_it_is() -> None:
    assert body_of(problem(ErrorCode.NOT_FOUND, "There is no runbook {method}."))["detail"].endswith(
        "{method}."
    )
    error = HTTPException(400, "No {method} here.")
    assert body_of(http_error(request_for(), error))["detail"] == "No {method} here."
