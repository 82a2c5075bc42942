"""The API describes itself."""

from starlette.testclient import TestClient

from bot.rest.problem_responses import OF_THEIR_OWN
from core.error_codes import ErrorCode

CONTRACT = {
    "/api/incidents": {"get", "post"},
    "/api/incidents/{id}": {"get"},
    "/api/incidents/{id}/acknowledge": {"post"},
    "/api/incidents/{id}/resolve": {"post"},
    "/api/incidents/{id}/close": {"post"},
    "/api/incidents/{id}/runbooks/{runbook_id}/execute": {"post"},
    "/api/incidents/{id}/runbooks/executions": {"get"},
    "/api/runbooks": {"get", "post"},
    "/api/runbooks/{id}": {"get", "put", "delete"},
    "/api/runbooks/{id}/versions": {"get"},
    "/api/runbooks/{id}/approve": {"post"},
    "/api/workflows/{id}/approve": {"post"},
    "/api/workflows/{id}/deprecate": {"post"},
    "/api/runbooks/{id}/deprecate": {"post"},
    "/api/runbooks/{id}/rollback": {"post"},
    "/api/runbooks/{id}/execute": {"post"},
    "/api/runbooks/{id}/executions": {"get"},
    "/api/runbooks/{id}/analytics": {"get"},
    "/api/runbooks/executions/{execution_id}/children": {"get"},
    "/api/runbooks/executions/{execution_id}/retry": {"post"},
    "/api/workflows/{id}/analytics": {"get"},
    "/api/secrets": {"get", "post"},
    "/api/secrets/{id}": {"get", "put", "delete"},
    "/api/freezes": {"get", "post"},
    "/api/freezes/{id}": {"get", "delete"},
    "/api/executions": {"get"},
    "/api/runs": {"get"},
    "/api/runbooks/executions/{execution_id}": {"get"},
    "/api/runbooks/executions/{execution_id}/cancel": {"post"},
    "/api/runbooks/executions/{execution_id}/verdict": {"post"},
    "/api/runbooks/executions/{execution_id}/input": {"post"},
    "/api/workflows": {"get", "post"},
    "/api/workflows/{id}": {"get", "put", "delete"},
    "/api/workflows/{id}/versions": {"get"},
    "/api/workflows/{id}/rollback": {"post"},
    "/api/workflows/{id}/enable": {"post"},
    "/api/workflows/{id}/disable": {"post"},
    "/api/workflows/{id}/duplicate": {"post"},
    "/api/workflows/executions/{id}": {"get"},
    "/api/workflows/executions/{id}/cancel": {"post"},
    "/api/workflows/{id}/executions": {"get"},
    "/api/workflows/{id}/execute": {"post"},
    "/api/incidents/{id}/escalate": {"post"},
    "/api/incidents/{id}/export": {"get"},
    "/api/incidents/{id}/timeline": {"get"},
    "/api/incidents/{id}/notes": {"post"},
    "/api/audit": {"get"},
    "/api/alerts/{vendor}": {"post"},
    "/api/callbacks/{token}": {"post"},
    "/api/approvals": {"get"},
    "/api/approvals/{id}/approve": {"post"},
    "/api/approvals/{id}/reject": {"post"},
}


def test_the_document_has_the_addresses_of_the_contract_and_nothing_private(stranger: TestClient) -> None:
    document = stranger.get("/api/openapi.json").json()
    paths = {path: set(methods) for path, methods in document["paths"].items()}

    assert paths == CONTRACT


def test_every_post_takes_an_idempotency_key_and_every_address_a_token(stranger: TestClient) -> None:
    paths = stranger.get("/api/openapi.json").json()["paths"]
    callback = paths.pop("/api/callbacks/{token}")  # its address is its token, and good for once
    assert "security" not in callback["post"]

    for methods in paths.values():
        for method, operation in methods.items():
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("Idempotency-Key" in names) == (method == "post")
            assert operation["security"] == [{"HTTPBearer": []}]
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_the_schema_of_problems_has_every_code(stranger: TestClient) -> None:
    schemas = stranger.get("/api/openapi.json").json()["components"]["schemas"]

    assert schemas["Problem"]["properties"]["code"] == {
        "$ref": "#/components/schemas/ErrorCode",
        "description": schemas["Problem"]["properties"]["code"]["description"],
    }
    assert schemas["ErrorCode"]["enum"] == list(ErrorCode)


def test_each_operation_names_the_codes_of_its_refusals(stranger: TestClient) -> None:
    paths = stranger.get("/api/openapi.json").json()["paths"]
    execute = paths["/api/runbooks/{id}/execute"]["post"]["responses"]
    [general, named] = execute["409"]["content"]["application/problem+json"]["schema"]["allOf"]

    assert general == {"$ref": "#/components/schemas/Problem"}
    assert {"frozen", "lock_held", "not_runnable"} <= set(named["properties"]["code"]["enum"])
    assert "429" not in paths["/api/callbacks/{token}"]["post"]["responses"]
    assert set(OF_THEIR_OWN) <= {f"{m.upper()} {path}" for path, methods in paths.items() for m in methods}


def test_there_are_no_pages_that_load_scripts_from_elsewhere(stranger: TestClient) -> None:
    assert [stranger.get(path).status_code for path in ("/docs", "/redoc", "/api/docs")] == [404] * 3


def test_the_filters_of_gates_and_of_a_timeline_are_described(stranger: TestClient) -> None:
    paths = stranger.get("/api/openapi.json").json()["paths"]

    def described(path: str) -> dict[str, object]:
        return {each["name"]: each for each in paths[path]["get"]["parameters"] if each["in"] == "query"}

    gates, lines = described("/api/approvals"), described("/api/incidents/{id}/timeline")
    assert set(gates) == {"team", "incident", "runbook", "since", "until", "limit", "cursor"}
    assert set(lines) == {"kind", "since", "until", "limit", "cursor"}
    assert "run.ended" in str(lines["kind"])
    assert all(each["description"] for each in (*gates.values(), *lines.values()))  # type: ignore[index]
