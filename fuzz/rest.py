"""Fuzz REST with requests that the OpenAPI document allows, requests that it forbids, and hostile documents."""

import itertools
import random
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

from fuzz.deployment import Deployment
from fuzz.generating import use_for, use_some
from fuzz.inputs import BODIES, DOCUMENTS, VALUES, WORDS, values_as_json
from fuzz.record import Record

SECONDS = 30.0  # after which a request counts as unanswered
JSON, YAML = "application/json", "application/yaml"
MOMENTS = st.sampled_from(
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "x", "1e9"]
)
SEARCHED = (
    "/api/runbooks/all-kinds/analytics",
    "/api/audit",
    "/api/incidents",
    "/api/runbooks",
    "/api/approvals",
)


def tokens(deployment: Deployment) -> Iterator[str]:
    """Yield everybody's tokens in turn, forever."""
    return itertools.cycle(token for same in zip(*deployment.tokens.values(), strict=True) for token in same)


def fuzz_described(deployment: Deployment, record: Record, seconds: float, number: int) -> None:
    """Fuzz every operation of the OpenAPI document in turn, half of the time with invalid requests."""
    schema = schemathesis.openapi.from_url(f"{deployment.url}/api/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    carried, until = tokens(deployment), time.monotonic() + seconds

    def ask(case: "Case[Any]") -> None:
        headers = {"Authorization": f"Bearer {next(carried)}"}
        about = f"{case.method} {case.path}"
        sent = (case.path_parameters, case.query, case.headers, case.body)
        record.asked("openapi", about, sent, lambda: case.call(headers=headers, timeout=SECONDS).status_code)

    turns = list(itertools.product(operations, GenerationMode))
    random.Random(number).shuffle(turns)
    for operation, mode in itertools.cycle(turns):
        if time.monotonic() > until:
            return
        number += 1
        use_some(number, operation.as_strategy(generation_mode=mode), ask)


def fuzz_documents(deployment: Deployment, record: Record, seconds: float, number: int) -> None:
    """Fuzz definitions, parameters, alerts and callbacks, as JSON and YAML, with everybody's tokens."""
    runs = f"/api/incidents/{deployment.incident_id}/runbooks/all-kinds/execute"
    posts = [
        "/api/runbooks",
        "/api/workflows",
        "/api/alerts/sentry",
        "/api/alerts/alertmanager",
        "/api/callbacks/x.y.z",
    ]
    parameters = st.fixed_dictionaries(
        {"parameters": st.dictionaries(st.sampled_from(["text", "count", "free"]), VALUES)}
    )
    runnable = st.builds(lambda given, dry: given | {"dry_run": dry}, parameters, st.booleans()).map(
        values_as_json
    )
    requests = st.one_of(
        st.tuples(st.just("POST"), st.sampled_from(posts), BODIES, st.sampled_from([JSON, YAML])),
        st.tuples(st.just("PUT"), st.sampled_from(["/api/runbooks/all-kinds"]), DOCUMENTS, st.just(JSON)),
        st.tuples(st.just("POST"), st.just(runs), runnable, st.just(JSON)),
        st.tuples(st.just("GET"), st.sampled_from(SEARCHED), st.just(b""), st.just(JSON)),
        st.tuples(st.just("POST"), st.just("/api/incidents"), VALUES.map(values_as_json), st.just(JSON)),
    )
    carried = tokens(deployment)
    with httpx2.Client(base_url=deployment.url, timeout=SECONDS, trust_env=False) as client:

        def ask(drawn: tuple[tuple[str, str, bytes, str], str, str]) -> None:
            (method, path, body, kind), moment, word = drawn
            headers = {"Authorization": f"Bearer {next(carried)}", "Content-Type": kind}
            query = {"since": moment, "cursor": word[:900]} if method == "GET" else {}
            sent = (method, path, query, body)

            def status() -> int:
                return client.request(method, path, content=body, headers=headers, params=query).status_code

            record.asked("bodies", f"{method} {path} {len(body)} bytes", sent, status)

        plain = WORDS.map(lambda word: word.encode("utf-8", "replace").decode())
        use_for(seconds, number, st.tuples(requests, MOMENTS, plain), ask)
