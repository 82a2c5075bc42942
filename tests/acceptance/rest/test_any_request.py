"""Whatever is sent, made up from the API's own description: no 500, and every refusal is a problem."""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from tests.acceptance.rest.test_incidents import opened

EXAMPLES = 12  # of requests to each address


@pytest.mark.parametrize(
    ("mode", "expected"), [(GenerationMode.POSITIVE, {200, 404, 409}), (GenerationMode.NEGATIVE, {401, 422})]
)
def test_no_request_brings_the_service_down(
    web: ASGIApp, responder: TestClient, mode: GenerationMode, expected: set[int]
) -> None:
    number = str(opened(responder)["number"])
    token = responder.headers["Authorization"]
    statuses: Counter[int] = Counter()

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def send(case: schemathesis.Case[Any]) -> None:
        if "/incidents/{id}" in case.operation.path and statuses.total() % 2:
            case.path_parameters["id"] = number
        answer = case.call(headers={"Authorization": token})
        statuses[answer.status_code] += 1
        assert answer.status_code < 500, case.as_curl_command()
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"]

    for found in schemathesis.openapi.from_asgi("/api/openapi.json", web).get_all_operations():
        assert isinstance(found, Ok)
        given(case=found.ok().as_strategy(generation_mode=mode))(send)()
    assert expected <= set(statuses), statuses
