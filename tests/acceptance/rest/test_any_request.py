"""Whatever is sent, made up from the API's own description, schemathesis finds nothing: all of its checks are on.

Valid requests are made whole with what a schema cannot say: which teams there are, a cursor that was given out, a
definition, a vendor's alert; every other one is about things that are there. Invalid ones are left as they are.
"""

import json
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test  # what `schema.parametrize()` calls
from schemathesis.schemas import BaseSchema
from starlette.types import ASGIApp

from bot.rest.application import openapi_document
from bot.rest.paging import encode_cursor
from core.services.access.listing import Position
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.documents import INCIDENT
from tests.acceptance.rest.library import do, runbook, secret, workflow, written
from tests.conftest import ADMIN, RecordedJobs
from tests.world import new_executor, work_off

EXAMPLES = 2  # of requests made at random to each address, besides those at the boundaries of its schema
SAMPLES = Path("tests/unit/core/alerts/samples")
THEN = datetime(2026, 1, 5, 3, 12, tzinfo=UTC)

OPERATIONS = [
    pytest.param(path, method.upper(), id=f"{method.upper()} {path}")
    for path, operations in openapi_document()["paths"].items()
    for method in operations
]
GENERATION = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

Known = dict[str, str]


@pytest.fixture(scope="module")
def api() -> BaseSchema:
    """The description, as schemathesis reads it: when a test runs, not in each process that collects the tests."""
    load_all_checks()
    api = schemathesis.openapi.from_dict(openapi_document())
    api.config.generation.update(with_security_parameters=False)  # `ignored_auth` asks without a token
    for check in (api.config.checks.positive_data_acceptance, api.config.checks.negative_data_rejection):
        # As 409: another version, or none is named.
        check.expected_statuses = [*check.expected_statuses, "412", "428"]
    return api


@pytest.fixture
def token(client_of: ClientOf) -> str:
    return str(client_of(ADMIN).headers["Authorization"])


@pytest.fixture
def known(unit_of_work: UnitOfWorkFactory, client_of: ClientOf, recorded_jobs: RecordedJobs) -> Known:
    """What there is, by the part of a path that names it."""
    client = client_of(ADMIN)
    incident = do(client, "incidents", **INCIDENT)["id"]
    execution = do(client, f"incidents/{incident}/runbooks/db-failover/execute")["id"]
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)
    gate = client.get("/api/approvals").json()["approvals"][0]["id"]
    look = written(client_of("U0DBADMIN"), workflow())["id"]
    do(client, f"workflows/{look}/approve")
    run = do(client, f"workflows/{look}/execute", incident_id=incident)["id"]
    return {
        "incidents": incident,
        "runbook_id": "db-failover",
        "executions": execution,
        "workflow executions": run,
        "runbooks": written(client, runbook())["id"],
        "workflows": look,
        "secrets": written(client, secret())["name"],
        "freezes": do(client, "freezes", team="web", reason="A release")["id"],
        "approvals": gate,
    }


def make_whole(case: schemathesis.Case[Any], known: Known, turn: int) -> None:
    """Give a valid request what no schema says; in every second turn let it be about something that there is."""
    path = case.operation.path
    for name in case.path_parameters if turn % 2 == 0 else ():
        case.path_parameters[name] = known.get(_kind_of(path, name), case.path_parameters[name])
    if "cursor" in (case.query or {}):
        case.query["cursor"] = encode_cursor(Position(THEN, _last_of(path)))
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = f"key-{turn}"
    _name_what_is_there(case.query, known)
    body: Any = _body(case)
    if isinstance(body, dict):
        _name_what_is_there(body, known)
        case.body = body


# What a field names must be there, and db-failover takes no parameters.
NAMED: dict[str, Any] = {
    "team": "database",
    "incident": "incidents",
    "incident_id": "incidents",
    "runbook": "runbooks",
    "version": 1,
    "parameters": {},
}


def _name_what_is_there(fields: dict[str, Any], known: Known) -> None:
    for name in NAMED.keys() & fields.keys():
        fields[name] = known.get(str(NAMED[name]), NAMED[name])


def _last_of(path: str) -> str:
    return {"versions": "ver_7", "audit": "aud_7"}.get(path.split("/")[-1], "inc_7")


def _kind_of(path: str, name: str) -> str:
    """`/api/workflows/executions/{id}` is about a workflow execution."""
    if name not in ("id", "execution_id"):
        return name
    parts = path.split("/")
    kind = parts[parts.index(f"{{{name}}}") - 1]
    return "workflow executions" if parts[2:4] == ["workflows", "executions"] else kind


def _body(case: schemathesis.Case[Any]) -> Any:
    path = case.operation.path
    if case.method in ("POST", "PUT") and path.startswith("/api/secrets"):
        return secret() if case.method == "PUT" else secret("MADE")
    if case.method in ("POST", "PUT") and path.removesuffix("/{id}") in ("/api/runbooks", "/api/workflows"):
        make = runbook if "runbooks" in path else workflow
        return make() if case.method == "PUT" else make("db-made")
    if path == "/api/alerts/{vendor}":
        return json.loads((SAMPLES / f"{case.path_parameters['vendor']}.json").read_text())
    return _without_nul(case.body)


def _without_nul(value: Any) -> Any:
    """U+0000 is in no text that can be kept: test_incidents.py has its refusal."""
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_nul(inner) for inner in value]
    return value.replace("\0", "0") if isinstance(value, str) else value


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_nothing_is_found(
    api: BaseSchema, path: str, method: str, web: ASGIApp, known: Known, token: str
) -> None:
    turns = count()  # the same numbers for each operation, whatever runs beside it

    @GENERATION
    def ask(case: schemathesis.Case[Any]) -> None:
        case.operation.app = case.operation.schema.app = web
        assert case.meta is not None
        if case.meta.generation.mode.is_positive:
            make_whole(case, known, next(turns))
        answer = case.call_and_validate(headers={"Authorization": token})
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]

    operation = api[path][method]
    ask_all = build_operation_test(
        config=api.config, operation=operation, test_func=ask, given_kwargs={}, feedback=FeedbackSources()
    )
    ask_all()
