"""The demo's service over HTTP, in this process and in its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2
import pytest
from starlette.testclient import TestClient

from examples.targets import dbctl
from examples.targets.app import create_app

NOW = datetime(2026, 3, 1, 3, 12, tzinfo=UTC)


def client_of(*, refuse_promote: bool = False) -> TestClient:
    return TestClient(create_app(promote_seconds=0, refuse_promote=refuse_promote, now=lambda: NOW))


@pytest.fixture
def client() -> TestClient:
    return client_of()


def promotions(client: TestClient) -> object:
    return client.get("/clusters/orders").json()["promotions"]


def test_a_failover_from_the_outage_to_health(client: TestClient) -> None:
    assert client.get("/clusters/orders/health").json()["status"] == "healthy"
    assert client.post("/clusters/orders/break").json()["health"] == "down"
    assert client.get("/clusters/orders/lag").json() == {"cluster": "orders", "seconds": 3}
    promoted = client.post("/clusters/orders/promote", json={"lag": 3})
    assert (promoted.status_code, promoted.json()["primary"], promoted.json()["lag"]) == (
        200,
        "orders-db-2",
        3,
    )
    assert client.get("/clusters/orders/health").json() == {
        "cluster": "orders",
        "status": "healthy",
        "primary": "orders-db-2",
    }
    assert client.get("/clusters/users").json()["promotions"] == 0


def test_both_clusters_are_listed(client: TestClient) -> None:
    listed = client.get("/clusters").json()["clusters"]
    assert [cluster["cluster"] for cluster in listed] == ["orders", "users"]


def test_the_same_key_promotes_once_and_answers_the_same(client: TestClient) -> None:
    answers = [
        client.post("/clusters/orders/promote", headers={"Idempotency-Key": "rbx_1/promote"}).json()
        for _ in "ab"
    ]
    assert answers[0] == answers[1]
    assert promotions(client) == 1


def test_another_key_or_no_key_promotes_again(client: TestClient) -> None:
    for headers in ({"Idempotency-Key": "a"}, {"Idempotency-Key": "b"}, {}, {}):
        assert client.post("/clusters/orders/promote", headers=headers).status_code == 200
    assert promotions(client) == 4


def test_a_key_belongs_to_its_path(client: TestClient) -> None:
    for cluster in ("orders", "users"):
        answer = client.post(f"/clusters/{cluster}/promote", headers={"Idempotency-Key": "same"}).json()
        assert answer["cluster"] == cluster


def test_a_promotion_can_be_refused() -> None:
    client = client_of(refuse_promote=True)
    refused = client.post("/clusters/orders/promote")
    assert (refused.status_code, promotions(client)) == (409, 0)
    assert "refuses to be promoted" in refused.json()["error"]


def test_a_replica_that_is_being_rebuilt_is_a_conflict(client: TestClient) -> None:
    client.post("/clusters/orders/break")
    statuses = [client.post("/clusters/orders/promote").status_code for _ in "ab"]
    assert statuses == [200, 409]


@pytest.mark.parametrize("body", ["no json", '{"lag": -1}', "[]"])
def test_a_body_that_makes_no_sense_is_refused(client: TestClient, body: str) -> None:
    assert client.post("/clusters/orders/promote", content=body).status_code == 422
    assert promotions(client) == 0


@pytest.mark.parametrize("path", ["/clusters/nope", "/clusters/nope/lag", "/caches/nope", "/services/nope"])
def test_an_unknown_name_is_told_with_the_known_ones(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "There is no 'nope' here." in answer.json()["error"]


def test_breaking_can_put_the_replica_behind(client: TestClient) -> None:
    client.post("/clusters/orders/break", json={"lag": 45})
    assert client.get("/clusters/orders/lag").json()["seconds"] == 45


def test_a_cache_is_flushed_and_a_service_restarted(client: TestClient) -> None:
    assert client.post("/caches/sessions/flush").json()["entries"] == 0
    assert client.get("/caches/sessions").json()["flushes"] == 1
    assert client.post("/services/checkout/restart").json()["status"] == "restarting"
    assert client.get("/services/checkout").json()["restarts"] == 1


def test_every_call_is_on_record(client: TestClient) -> None:
    client.post("/clusters/orders/promote", json={"lag": 2}, headers={"Idempotency-Key": "k"})
    client.get("/clusters/nope")
    client.post("/caches/sessions/flush", content="text")
    time = NOW.isoformat()
    assert client.get("/calls").json()["calls"] == [
        {"method": "POST", "path": "/clusters/orders/promote", "key": "k", "time": time, "body": {"lag": 2}},
        {"method": "GET", "path": "/clusters/nope", "key": None, "time": time, "body": None},
        {"method": "POST", "path": "/caches/sessions/flush", "key": None, "time": time, "body": "text"},
    ]


def test_a_fault_answers_instead_of_the_service_and_its_key_is_still_good(client: TestClient) -> None:
    fault = {"path": "/clusters/orders/promote", "status": 503, "times": 1}
    assert client.post("/faults", json=fault).status_code == 201
    headers = {"Idempotency-Key": "k"}
    statuses = [client.post("/clusters/orders/promote", headers=headers).status_code for _ in "abc"]
    assert (statuses, promotions(client)) == ([503, 200, 200], 1)
    assert len(client.get("/calls").json()["calls"]) == 4


def test_faults_can_be_cleared(client: TestClient) -> None:
    client.post("/faults", json={"path": "/clusters", "status": 500})
    assert client.get("/clusters").status_code == 500
    assert client.delete("/faults").status_code == 204
    assert client.get("/clusters").status_code == 200


def test_a_wrong_fault_is_refused(client: TestClient) -> None:
    assert client.post("/faults", json={"path": "/clusters", "status": 99}).status_code == 422


def test_the_page_shows_the_failover(client: TestClient) -> None:
    client.post("/clusters/orders/break")
    assert 'id="cluster-orders" data-health="down"' in client.get("/").text
    client.post("/clusters/orders/promote")
    page = client.get("/").text
    assert 'id="cluster-orders" data-health="healthy"' in page
    assert '<span class="name primary">orders-db-2</span>' in page
    assert "Failed over 1 time, last at 03:12:00 UTC" in page


def test_the_page_shows_what_callers_send_as_text_only(client: TestClient) -> None:
    client.post("/caches/sessions/flush", headers={"Idempotency-Key": "<script>alert(1)</script>"})
    page = client.get("/").text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


@contextmanager
def running(*options: str) -> Iterator[str]:
    """The address of the service in a process of its own."""
    command = [sys.executable, "-m", "examples.targets", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.fullmatch(r"Demo targets: (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        try:
            assert found
            yield found[1]
        finally:
            process.terminate()


def check(api: str, cluster: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "examples.targets.dbctl", "check", cluster]
    return subprocess.run(command, env={"DBCTL_API": api}, capture_output=True, text=True, check=False)


def test_a_caller_who_hangs_up_and_asks_again_finds_the_one_promotion() -> None:
    headers = {"Idempotency-Key": "k"}
    with running("--promote-seconds", "1") as api, httpx2.Client(base_url=api) as client:
        with pytest.raises(httpx2.ReadTimeout):
            client.post("/clusters/orders/promote", headers=headers, timeout=0.2)
        assert client.get("/clusters/orders/health").json()["status"] == "promoting"
        assert client.post("/clusters/orders/promote").status_code == 409
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(client.post, "/clusters/orders/promote", headers=headers) for _ in "ab"]
        assert asked[0].result().json() == asked[1].result().json()
        assert client.get("/clusters/orders").json()["promotions"] == 1


def test_the_tool_tells_health_by_its_exit_status() -> None:
    with running("--refuse-promote") as api:
        well = check(api, "orders")
        assert (
            well.stdout == "primary  orders-db-1 (up)\nreplica  orders-db-2 (following)\nhealth   healthy\n"
        )
        assert well.returncode == 0
        httpx2.post(f"{api}/clusters/orders/break")
        assert httpx2.post(f"{api}/clusters/orders/promote").status_code == 409
        broken = check(api, "orders")
        assert (broken.returncode, "orders-db-1 (down)" in broken.stdout) == (1, True)
        unknown = check(api, "nope")
        assert (unknown.returncode, "There is no 'nope' here" in unknown.stderr) == (1, True)


def test_the_tool_says_whom_it_cannot_reach(capsys: pytest.CaptureFixture[str]) -> None:
    assert dbctl.main(["check", "orders"], {"DBCTL_API": "http://127.0.0.1:1"}) == 1
    assert "http://127.0.0.1:1 cannot be reached" in capsys.readouterr().err


def test_the_tool_wants_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert dbctl.main(["check", "orders"], {}) == 2
    assert "set DBCTL_API" in capsys.readouterr().err
