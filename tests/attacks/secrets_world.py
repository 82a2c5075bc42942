"""What attacks on secrets need: a secret of team data, where it may go, and a server of the attacker's."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import text

from core.tables import Base
from tests.attacks.deployment import DATA_OPS, WEB_OPS, Deployment
from tests.world import new_executor

VALUE = "correct horse battery staple 4711"
OWN = ("the-bot-token-xoxb-0815", "the-signing-secret-of-slack", "the-password-of-the-database")


@dataclass
class Listener:
    """A server that keeps all it is told, and answers as a test says."""

    port: int = 0
    heard: list[str] = field(default_factory=list)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    answers: Mapping[str, tuple[int, Mapping[str, str], bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            listener.heard.append(f"{self.command} {self.path}\n{self.headers}\n{body!r}")
            usual = (listener.status, listener.headers, listener.body)
            status, headers, answer = listener.answers.get(self.path, usual)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = answer  # noqa: N815 the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 as in the base class
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ours() -> Iterator[Listener]:
    """Where data's secret may go."""
    with listening() as listener:
        yield listener


@pytest.fixture
def theirs() -> Iterator[Listener]:
    """The attacker's."""
    with listening() as listener:
        yield listener


@pytest.fixture
def armed(deployment: Deployment, ours: Listener) -> Deployment:
    """data has a secret, and the worker its value."""
    deployment.executor = new_executor(
        deployment.unit_of_work, secrets={"TOKEN": VALUE, "OTHER": "never declared 0815"}, own=OWN
    )
    declare(deployment, teams=["data"], hosts=[ours.host])
    return deployment


def declare(deployment: Deployment, name: str = "TOKEN", **fields: Any) -> None:
    document = {"kind": "secret", "name": name, "source": {"env": f"RUNBOOK_SECRET_{name}"}, **fields}
    deployment.apply(json.dumps(document))


def runbook(step: dict[str, Any], team: str = "data", name: str = "attack") -> dict[str, Any]:
    return {"kind": "runbook", "name": name, "team": team, "steps": [{"id": "go", "type": "http", **step}]}


def keep(deployment: Deployment, document: dict[str, Any]) -> None:
    """As an older version of the service kept it, approved: without the checks of today."""
    harmless = runbook({"url": "https://x.example"}, document["team"], document["name"])
    deployment.apply(json.dumps(harmless))
    with deployment.unit_of_work.begin() as work:
        work.session.execute(
            text("UPDATE runbooks SET definition = CAST(:document AS json) WHERE name = :name"),
            {"document": json.dumps(document), "name": document["name"]},
        )


def run(deployment: Deployment, document: dict[str, Any], *, over: str = "rest") -> dict[str, Any]:
    """The step of a kept runbook that its team's responder ran, over REST or Slack, as REST shows it."""
    keep(deployment, document)
    person = DATA_OPS if document["team"] == "data" else WEB_OPS
    incident = deployment.incident(document["team"])
    if over == "slack":
        deployment.slack.types(person, str(incident.slack_channel), f"run {document['name']}")
    else:
        answer = deployment.rest(person).post(
            f"/api/incidents/{incident.id}/runbooks/{document['name']}/execute", json={}
        )
        assert answer.status_code == 201, answer.text
    deployment.work()
    [execution] = (
        deployment.rest(person).get(f"/api/incidents/{incident.id}/runbooks/executions").json()["executions"]
    )
    step: dict[str, Any] = execution["steps"][0]
    return step


def everything(deployment: Deployment) -> str:
    """Every row of every table."""
    with deployment.unit_of_work.begin() as work:
        tables = [table.name for table in Base.metadata.sorted_tables]
        rows = (row for name in tables for row in work.session.execute(text(f"SELECT t::text FROM {name} t")))
        return "\n".join(str(row[0]) for row in rows)
