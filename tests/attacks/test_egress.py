"""Steps that call forbidden destinations: private networks, cloud metadata, our own database.

The attacker writes a definition, or owns a name and what it resolves to.
"""

import socket

import httpx2
import pytest

from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.io.egress import EgressPolicy, OwnService
from core.io.http import HttpCaller
from core.views.executions import ExecutionView
from tests.attacks.deployment import DATA_OPS, Deployment
from tests.world import secrets_of, work_off

RESOLVES = {
    "metadata.evil.example": "169.254.169.254",
    "ula-metadata.evil.example": "fd00:ec2::254",
    "inside.evil.example": "10.0.0.7",
    "here.evil.example": "127.0.0.1",
    "db.internal": "10.0.0.7",
    "global.example": "93.184.216.34",
}


class Outside:
    """Every address answers 200, and is written down."""

    def __init__(self) -> None:
        self.reached: list[str] = []

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions["trace"]("http11.send_request_headers.started", {})
        self.reached.append(request.url.host)
        return httpx2.Response(200)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    """All names of RESOLVES, and no network."""
    found, resolve = Outside(), socket.getaddrinfo

    def resolving(host: str, port: int, *more: object, **options: object) -> object:
        return resolve(RESOLVES.get(host, host), port, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    return found


def run(deployment: Deployment, outside: Outside, url: str, policy: EgressPolicy) -> ExecutionView:
    """A responder runs a runbook that calls the URL."""
    deployment.apply(
        f"{{kind: runbook, name: call, team: data, steps: [{{id: call, type: http, url: '{url}'}}]}}"
    )
    incident = deployment.incident("data")
    http = HttpCaller(policy)
    http._client = httpx2.Client(transport=httpx2.MockTransport(outside.answer))
    executor = Executor(
        deployment.unit_of_work, Ports(http, None, secrets_of(deployment.unit_of_work, {})), "worker-1"
    )
    answer = deployment.rest(DATA_OPS).post(f"/api/incidents/{incident.id}/runbooks/call/execute", json={})
    work_off(deployment.unit_of_work, executor, deployment.jobs.enqueued)
    http.close()
    return deployment.see(answer.json()["execution"]["id"])


FORBIDDEN = [
    *(
        ("", f"http://{host}/")
        for host in (
            "10.0.0.7",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "[fd00::7]",
            "[2002:7f00:1::]",
            "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
            "[64:ff9b:1::7f00:1]",
            "[::127.0.0.1]",
            "[fec0::1]",
            "169.254.169.254",
            "[::ffff:169.254.169.254]",
            "2130706433",
            *sorted(RESOLVES.keys() - {"global.example"}),
        )
    ),
    ("*.evil.example", "http://metadata.evil.example/"),
    ("metadata.evil.example", "http://metadata.evil.example/"),
    ("metadata.evil.example,169.254.169.254", "http://metadata.evil.example/"),
    ("0.0.0.0/0,::/0", "http://169.254.169.254/"),
    ("::/0", "http://ula-metadata.evil.example/"),
    ("*.evil.example", "http://inside.evil.example/"),
    ("*.evil.example", "http://here.evil.example/"),
    ("here.evil.example", "http://here.evil.example/"),
    ("127.0.0.1", "http://127.0.0.1:5432/"),
    ("127.0.0.0/8", "http://127.0.0.2:5432/"),
    ("127.0.0.1", "http://here.evil.example:8000/"),
    ("global.example", "http://93.184.216.35/"),
]
OWN = (OwnService("127.0.0.1", 5432), OwnService("127.0.0.1", 8000, is_callable=True))


@pytest.mark.parametrize(("egress", "url"), FORBIDDEN, ids=str)
def test_what_nobody_named_is_not_reached(
    deployment: Deployment, outside: Outside, egress: str, url: str
) -> None:
    """Red before: the call went there (private networks, tunnels to loopback, metadata behind a listed name)."""
    done = run(deployment, outside, url, EgressPolicy.parse(egress.split(","), OWN))

    assert outside.reached == []
    assert done.status == "failed"
    assert "may not be called from here" in str(done.steps[0].error)
    assert "RUNBOOK_EGRESS" in str(done.steps[0].error)


@pytest.mark.parametrize(
    ("egress", "url", "reached"),
    [
        ("", "http://global.example/", "93.184.216.34"),
        ("*,10.0.0.0/8", "http://global.example/", "93.184.216.34"),
        ("*,10.0.0.0/8", "http://db.internal/", "10.0.0.7"),
        ("db.internal", "http://db.internal/", "10.0.0.7"),
        ("169.254.169.254", "http://169.254.169.254/", "169.254.169.254"),
        ("127.0.0.1", "http://127.0.0.1:9000/", "127.0.0.1"),
    ],
    ids=str,
)
def test_what_the_operator_named_is_reached(
    deployment: Deployment, outside: Outside, egress: str, url: str, reached: str
) -> None:
    done = run(deployment, outside, url, EgressPolicy.parse(egress.split(","), OWN))

    assert (done.status, outside.reached) == ("succeeded", [reached])
