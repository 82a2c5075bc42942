"""Every code that a problem of the REST API can have: its status, what happened, and what a client should do.

This is the one list. An error of core names its code (`RunbookError.code`); the statuses of answers, the OpenAPI
document, the pages under `/problems` and docs/reference/errors.md are made from here. A code is part of the API: it
stays. Two situations get two codes only where a client does something else about them.
"""

from enum import StrEnum
from http import HTTPStatus
from typing import Self


class ErrorCode(StrEnum):
    """The value is the code, and `summary` the title of its problems.

    `is_retryable`: the same request, sent again later, may succeed without anybody changing it.
    `happened` and `remedy` are sentences for who writes a client; the problem's `detail` is the one about this request.
    """

    status: HTTPStatus
    summary: str
    is_retryable: bool
    happened: str
    remedy: str

    def __new__(
        cls,
        value: str,
        status: HTTPStatus,
        summary: str,
        happened: str,
        remedy: str,
        is_retryable: bool = False,
    ) -> Self:
        code = str.__new__(cls, value)
        code._value_ = value
        code.status, code.summary, code.is_retryable = status, summary, is_retryable
        code.happened, code.remedy = happened, remedy
        return code

    @classmethod
    def named(cls, text: str) -> Self | None:
        """The code of that name; None where there is none."""
        return next((code for code in cls if code.value == text), None)

    BAD_REQUEST = (
        "bad_request",
        HTTPStatus.BAD_REQUEST,
        "Unreadable request",
        "The body cannot be read: it is not text in UTF-8.",
        "Encode the body as UTF-8 and send it again.",
    )
    UNAUTHENTICATED = (
        "unauthenticated",
        HTTPStatus.UNAUTHORIZED,
        "No valid token",
        "The request has no valid token: it is missing, unknown, expired or revoked.",
        "Send `Authorization: Bearer TOKEN` with a valid token; `runbook token create` makes one.",
    )
    BAD_SIGNATURE = (
        "bad_signature",
        HTTPStatus.UNAUTHORIZED,
        "Signature not valid",
        (
            "An alert is not signed with the secret that is configured here for its vendor, or was signed too long "
            "ago. Once a vendor's secret is configured, a token is not accepted in place of the signature."
        ),
        "Give the vendor's webhook the configured secret, and check the clocks of both machines.",
    )
    NOT_ALLOWED = (
        "not_allowed",
        HTTPStatus.FORBIDDEN,
        "Not allowed",
        (
            "The caller may not do this: their role in the team does not permit it, or somebody else has to do it, as "
            "with the approval of one's own change."
        ),
        "Let somebody do it who may; the policy says who.",
    )
    INSUFFICIENT_SCOPE = (
        "insufficient_scope",
        HTTPStatus.FORBIDDEN,
        "Token lacks a scope",
        "The token lacks the scope that this request needs. `WWW-Authenticate` names the scope.",
        "Use a token that has the scope.",
    )
    NOT_FOUND = (
        "not_found",
        HTTPStatus.NOT_FOUND,
        "Not found",
        "The thing that the address names does not exist, or belongs to a team that the caller may not see.",
        "Check the id or name, and the teams of the token's owner.",
    )
    ROUTE_NOT_FOUND = (
        "route_not_found",
        HTTPStatus.NOT_FOUND,
        "No such address",
        "The API has no such address. Unlike `not_found` this says nothing about any incident, run or definition.",
        "Check the base URL and the path against `/api/openapi.json`.",
    )
    METHOD_NOT_ALLOWED = (
        "method_not_allowed",
        HTTPStatus.METHOD_NOT_ALLOWED,
        "Method not allowed",
        "The address exists, but does not take this method.",
        "Use one of the methods in the header `Allow`.",
    )
    REQUEST_TIMEOUT = (
        "request_timeout",
        HTTPStatus.REQUEST_TIMEOUT,
        "Body took too long",
        "The rest of a large body did not arrive in time, and the connection was closed.",
        "Send the request again; if it happens again, send less at once.",
        True,
    )
    CONFLICT = (
        "conflict",
        HTTPStatus.CONFLICT,
        "Conflict with the present state",
        "The present state of the thing forbids this, such as deleting a runbook that is running.",
        "Read the thing, and change what `detail` names before sending the request again.",
    )
    ALREADY_DONE = (
        "already_done",
        HTTPStatus.CONFLICT,
        "Already done",
        (
            "What the request asks for was done before: the incident has the status, the run has ended, the callback "
            "was used, the caller has decided."
        ),
        (
            "Do not repeat it. A client whose earlier answer was lost may treat this as success; reading the thing "
            "shows how it stands."
        ),
    )
    ALREADY_EXISTS = (
        "already_exists",
        HTTPStatus.CONFLICT,
        "Already exists",
        "There is already one of this name or for this team.",
        "Change or remove that one, or choose another name.",
    )
    FROZEN = (
        "frozen",
        HTTPStatus.CONFLICT,
        "Frozen",
        "A freeze is in force for the incident's team or for everything, and nothing starts until it is lifted.",
        "Send the request again after the freeze is lifted; `GET /api/freezes` shows the freezes in force.",
        True,
    )
    LOCK_HELD = (
        "lock_held",
        HTTPStatus.CONFLICT,
        "Lock held by another run",
        (
            "Another run holds the lock that this runbook takes, and the runbook does not queue. `execution` is the "
            "address of that run, where the caller may see it."
        ),
        "Send the request again when that run has ended.",
        True,
    )
    NOT_RUNNABLE = (
        "not_runnable",
        HTTPStatus.CONFLICT,
        "Definition cannot be used",
        (
            "The runbook or workflow cannot be used as it stands: it is a draft, deprecated, deleted or disabled, "
            "starts only by its own trigger, or is no longer valid in this release."
        ),
        "Have its definition approved, enabled or corrected, as `detail` says, and send the request again.",
    )
    SUPERSEDED = (
        "superseded",
        HTTPStatus.CONFLICT,
        "No longer what was asked",
        (
            "What the request answers or names has changed since the caller read it: the approval shows something else "
            "or is closed, the run asks about another step or attempt, or there is a newer version."
        ),
        "Read it again, and decide on what it shows now.",
    )
    STALE = (
        "stale",
        HTTPStatus.PRECONDITION_FAILED,
        "Changed since it was read",
        "The definition has a newer version than the one in `If-Match`.",
        "Read it again, apply the change to what it says now, and send its new `ETag` as `If-Match`.",
    )
    TOO_LARGE = (
        "too_large",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "Body too large",
        "The body has more bytes than are read; `detail` says how many may be sent.",
        "Send less in one request.",
    )
    UNSUPPORTED_MEDIA_TYPE = (
        "unsupported_media_type",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "Media type not supported",
        "The header `Content-Type` names a type that this address does not read.",
        "Send JSON as `application/json`; definitions may also be `application/yaml`.",
    )
    INVALID_INPUT = (
        "invalid_input",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Input not valid",
        "A field, parameter or header is not valid. `errors` has an entry for each; `field` is the first of them.",
        "Correct the fields that `errors` names.",
    )
    DEFINITION_ERROR = (
        "definition_error",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Definition not valid",
        (
            "The request is well formed, but the definition in it is not valid. `errors` has an entry for each "
            "problem; those of YAML name line and column."
        ),
        "Show `errors` to the author of the definition. `runbook validate` finds the same problems in files.",
    )
    EXPRESSION_ERROR = (
        "expression_error",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Expression failed",
        "An expression of the definition cannot be evaluated with these parameters and this incident.",
        "Send other parameters, or have the expression corrected that `detail` names.",
    )
    IDEMPOTENCY_KEY_REUSED = (
        "idempotency_key_reused",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Idempotency key used before",
        "The `Idempotency-Key` was used by this token for a different request within the last day.",
        "Choose a new key for each new request; repeat a key only with the very same request.",
    )
    VERSION_REQUIRED = (
        "version_required",
        HTTPStatus.PRECONDITION_REQUIRED,
        "Version required",
        "The request must name the version that was read, and does not.",
        "Read the definition, and send its `ETag` as `If-Match`.",
    )
    RATE_LIMITED = (
        "rate_limited",
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests",
        "The token, its owner, the address, the source of alerts or the team did too much in a short time.",
        "Wait for the seconds in `Retry-After`, and send the request again.",
        True,
    )
    INTERNAL = (
        "internal",
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error",
        "The service failed in a way that nobody foresaw. `id` is the id of the request, which is also in the log.",
        "Give the id to an operator. Repeat a POST only with the same `Idempotency-Key`: it may have been done.",
    )
    UNAVAILABLE = (
        "unavailable",
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Unavailable for the moment",
        "The database cannot be reached, or the service is too busy for this request. Nothing was changed.",
        "Wait for the seconds in `Retry-After`, and send the request again.",
        True,
    )
