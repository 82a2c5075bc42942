"""Problems in the OpenAPI document: their schema, and the error codes of each operation."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.rest.problem import MEDIA_TYPE
from core.error_codes import ErrorCode

Responses = dict[int | str, dict[str, Any]]
Operation = Mapping[str, Any]


class FieldProblem(BaseModel):
    """The error of one field of the request."""

    field: str
    detail: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """The address of the code's explanation, relative to the request's: `/problems/` and the code."""
    title: str
    """The code's meaning in a few words."""
    status: int
    """The HTTP status."""
    code: ErrorCode
    """The kind of problem, for machines. It is stable, while `title` and `detail` may change."""
    detail: str
    """What happened, and what to do, in a sentence for people."""
    field: str | None = None
    """With 422: the first wrong field."""
    errors: list[FieldProblem] | None = None
    """With 422: all wrong fields."""
    id: str | None = None
    """With 500: the request's id, which is in the log, too."""
    execution: str | None = None
    """With `lock_held`: the address of the run that holds the lock, if the caller may see it."""


REFERENCE = {"$ref": "#/components/schemas/Problem"}
ANY_PROBLEM: Responses = {
    "default": {"description": "A problem.", "content": {MEDIA_TYPE: {"schema": REFERENCE}}}
}

C = ErrorCode
STARTS = (C.FROZEN, C.NOT_RUNNABLE, C.CONFLICT)
RUNS = (*STARTS, C.LOCK_HELD, C.EXPRESSION_ERROR, C.SUPERSEDED)
DECIDES = (C.ALREADY_DONE, C.SUPERSEDED, C.NOT_FOUND)
CHANGES = (C.ALREADY_DONE, C.CONFLICT)
WRITES = (C.DEFINITION_ERROR, C.EXPRESSION_ERROR, C.ALREADY_EXISTS)
VERSIONS = (C.ALREADY_DONE, C.CONFLICT, C.NOT_RUNNABLE, C.SUPERSEDED)

# The codes of operations, in addition to those that follow from their parameters and bodies.
OF_THEIR_OWN: Mapping[str, tuple[ErrorCode, ...]] = {
    "POST /api/incidents": (C.CONFLICT,),
    "POST /api/incidents/{id}/acknowledge": CHANGES,
    "POST /api/incidents/{id}/resolve": CHANGES,
    "POST /api/incidents/{id}/close": CHANGES,
    "POST /api/incidents/{id}/escalate": CHANGES,
    "POST /api/incidents/{id}/runbooks/{runbook_id}/execute": RUNS,
    "POST /api/runbooks/{id}/execute": RUNS,
    "POST /api/workflows/{id}/execute": (*STARTS, C.ALREADY_DONE, C.EXPRESSION_ERROR),
    "POST /api/runbooks/executions/{execution_id}/cancel": CHANGES,
    "POST /api/runbooks/executions/{execution_id}/retry": (*RUNS, C.ALREADY_DONE),
    "POST /api/runbooks/executions/{execution_id}/verdict": DECIDES,
    "POST /api/runbooks/executions/{execution_id}/input": DECIDES,
    "POST /api/workflows/executions/{id}/cancel": CHANGES,
    "POST /api/approvals/{id}/approve": DECIDES,
    "POST /api/approvals/{id}/reject": DECIDES,
    "POST /api/callbacks/{token}": DECIDES,
    "POST /api/alerts/{vendor}": (C.BAD_SIGNATURE, C.REQUEST_TIMEOUT),
    "POST /api/freezes": (C.ALREADY_EXISTS, C.NOT_FOUND),
    "DELETE /api/freezes/{id}": CHANGES,
    "POST /api/secrets": WRITES,
    "PUT /api/secrets/{id}": WRITES,
    **{
        f"{method} /api/{kind}s{rest}": codes
        for kind in ("runbook", "workflow")
        for method, rest, codes in (
            ("POST", "", WRITES),
            ("PUT", "/{id}", (*WRITES, C.SUPERSEDED)),
            ("DELETE", "/{id}", (C.CONFLICT, C.SUPERSEDED)),
            ("POST", "/{id}/approve", (*VERSIONS, C.VERSION_REQUIRED)),
            ("POST", "/{id}/deprecate", VERSIONS),
            ("POST", "/{id}/rollback", (*VERSIONS, C.DEFINITION_ERROR)),
        )
    },
    "POST /api/workflows/{id}/enable": VERSIONS,
    "POST /api/workflows/{id}/disable": VERSIONS,
    "POST /api/workflows/{id}/duplicate": (C.ALREADY_EXISTS, C.NOT_RUNNABLE),
}
OF_ALL = frozenset({C.INTERNAL, C.UNAVAILABLE})
OF_TOKENS = frozenset({C.UNAUTHENTICATED, C.NOT_ALLOWED, C.INSUFFICIENT_SCOPE, C.RATE_LIMITED})
OF_BODIES = frozenset({C.BAD_REQUEST, C.TOO_LARGE, C.UNSUPPORTED_MEDIA_TYPE, C.INVALID_INPUT})
OF_HEADERS = {"Idempotency-Key": C.IDEMPOTENCY_KEY_REUSED, "If-Match": C.STALE}


def add_problems(document: dict[str, Any]) -> None:
    """Add to an OpenAPI document the schema of problems, and to each operation its error codes."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"] |= responses_of(codes_of(f"{method.upper()} {path}", operation))
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    document["components"]["schemas"].update(schema.pop("$defs"), Problem=schema)


def names_problems(document: Mapping[str, Any]) -> bool:
    """Return True if `add_problems` was applied to the document."""
    return Problem.__name__ in document["components"]["schemas"]


def codes_of(route: str, operation: Operation) -> frozenset[ErrorCode]:
    """Return an operation's codes. `route`: method and path; `operation`: its object in the document."""
    return frozenset({*OF_ALL, *OF_THEIR_OWN.get(route, ()), *_implied_by(operation)})


def _implied_by(operation: Operation) -> Iterator[ErrorCode]:
    """Yield the codes that follow from an operation's security, body and parameters."""
    if "security" in operation:
        yield from OF_TOKENS
    if "requestBody" in operation:
        yield from OF_BODIES
    for parameter in operation.get("parameters", ()):
        yield ErrorCode.NOT_FOUND if parameter["in"] == "path" else ErrorCode.INVALID_INPUT
        if parameter["name"] in OF_HEADERS:
            yield OF_HEADERS[parameter["name"]]


def responses_of(codes: Iterable[ErrorCode]) -> dict[str, Any]:
    """Return one response for each status, with its codes."""
    in_order = [code for code in ErrorCode if code in frozenset(codes)]
    in_order.sort(key=lambda code: code.status)
    return {
        str(status.value): _response(tuple(of_status))
        for status, of_status in groupby(in_order, lambda code: code.status)
    }


def _response(codes: tuple[ErrorCode, ...]) -> dict[str, Any]:
    named = {"type": "object", "properties": {"code": {"enum": [code.value for code in codes]}}}
    description = " ".join(f"`{code}`: {code.summary}." for code in codes)
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"allOf": [REFERENCE, named]}}}}
