"""Webhooks that say who calls: tokens, passwords, and tokens that a server gives for a while."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from core.services.views.reading import view_workflow_execution
from core.statuses import Status
from core.tables import WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.integration.core.workflows.deployment import Deployment
from tests.world import TEAMS, apply_documents, new_executor, new_incident, work_off

SECOND = timedelta(seconds=1)
EARLY = timedelta(seconds=30)


class Server:
    """Gives tokens at /token, each with another number, and takes calls at /hook."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.calls: list[dict[str, str]] = []
        self.lifetime: object = 600
        self.token_status = self.hook_status = 200
        self.takes = 0.0  # seconds for every answer

    def give_token(self, authorization: str, body: str) -> tuple[int, dict[str, Any]]:
        self.asked.append((authorization, parse_qs(body)))
        if self.token_status >= 400:
            return self.token_status, {"error": "invalid_client"}
        answer = {"access_token": f"token-number-{len(self.asked)}", "token_type": "Bearer"}
        return 200, answer | ({"expires_in": self.lifetime} if self.lifetime else {})

    def take_call(self, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.calls.append(headers)
        return self.hook_status, {"you": headers.get("Authorization")}


@pytest.fixture
def server() -> Iterator[Server]:
    world = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            time.sleep(world.takes)
            if self.path == "/token":
                status, answer = world.give_token(self.headers.get("Authorization", ""), body)
            else:
                status, answer = world.take_call(dict(self.headers))
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(BrokenPipeError):  # who called waits no more
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield world
    http.shutdown()
    thread.join()
    http.server_close()


def workflow(server: Server, auth: str, more: str = "") -> str:
    return f"""
kind: workflow
name: calls
trigger: {{on: incident.created}}
actions:
  - id: call
    type: webhook
    url: {server.url}/hook
    auth: {auth}
    headers: {{X-Team: "{{{{ incident.team }}}}"}}
{more}
"""


SECRETS = {"TOKEN": "bearer-secret", "PASSWORD": "basic-secret", "CLIENT": "client-secret"}


@pytest.fixture
def calls(deployment: Deployment) -> Deployment:
    deployment.secrets.update(SECRETS)
    return deployment


def test_a_bearer_token_and_other_headers_are_sent_and_never_kept(calls: Deployment, server: Server) -> None:
    calls.apply(workflow(server, '{type: bearer, token: "{{ secrets.TOKEN }}"}'))
    calls.open()

    assert server.calls[0]["Authorization"] == "Bearer bearer-secret"
    assert server.calls[0]["X-Team"] == "database"
    assert calls.run().status is Status.SUCCEEDED
    assert "bearer-secret" not in calls.run().model_dump_json()


def test_a_name_and_password_are_sent_and_never_kept(calls: Deployment, server: Server) -> None:
    calls.apply(workflow(server, '{type: basic, username: ops, password: "{{ secrets.PASSWORD }}"}'))
    calls.open()
    sent = server.calls[0]["Authorization"].removeprefix("Basic ")

    assert base64.b64decode(sent).decode() == "ops:basic-secret"
    assert sent[8:-4] not in calls.run().model_dump_json()


OAUTH = '{{type: oauth2, token_url: {url}/token, client_id: "me:too", client_secret: "{{{{ secrets.CLIENT }}}}"{more}}}'


def oauth(server: Server, more: str = "") -> str:
    return OAUTH.format(url=server.url, more=more)


def test_a_token_is_asked_for_with_the_clients_credentials(calls: Deployment, server: Server) -> None:
    calls.apply(workflow(server, oauth(server, ", scope: page write")))
    calls.open()
    [(authorization, form)] = server.asked

    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == "me%3Atoo:client-secret"
    assert form == {"grant_type": ["client_credentials"], "scope": ["page write"]}
    assert server.calls[0]["Authorization"] == "Bearer token-number-1"
    seen = calls.run().model_dump_json()
    assert "token-number-1" not in seen
    assert "client-secret" not in seen


def test_the_credentials_may_stand_in_the_body(calls: Deployment, server: Server) -> None:
    calls.apply(workflow(server, oauth(server, ", credentials: body")))
    calls.open()
    [(authorization, form)] = server.asked

    assert authorization == ""
    assert (form["client_id"], form["client_secret"]) == (["me:too"], ["client-secret"])


@pytest.fixture
def one_worker(calls: Deployment) -> Deployment:
    """One worker for all, for tokens are each process's own."""
    calls.executor = new_executor(calls.unit_of_work, secrets=SECRETS)
    return calls


@pytest.mark.parametrize(("after", "tokens"), [(-SECOND, 1), (timedelta(), 2)], ids=["before", "then"])
def test_a_token_is_used_until_shortly_before_it_expires(
    one_worker: Deployment, server: Server, after: timedelta, tokens: int
) -> None:
    one_worker.apply(workflow(server, oauth(server)))
    one_worker.open()
    one_worker.frozen.tick(timedelta(seconds=600) - EARLY + after)
    one_worker.open()

    assert len(server.asked) == tokens
    assert server.calls[1]["Authorization"] == f"Bearer token-number-{tokens}"


def test_a_token_of_unknown_life_is_used_once(one_worker: Deployment, server: Server) -> None:
    server.lifetime = None
    one_worker.apply(workflow(server, oauth(server)))
    one_worker.open()
    one_worker.open()

    assert len(server.asked) == 2


def test_a_token_that_is_refused_is_not_used_again(one_worker: Deployment, server: Server) -> None:
    server.hook_status = 401
    one_worker.apply(workflow(server, oauth(server)))
    one_worker.open()
    one_worker.open()

    assert [call["Authorization"] for call in server.calls] == [
        "Bearer token-number-1",
        "Bearer token-number-2",
    ]


def test_where_no_token_is_given_nothing_is_called(calls: Deployment, server: Server) -> None:
    server.token_status = 401
    calls.apply(workflow(server, oauth(server)))
    calls.open()
    run = calls.run()

    assert server.calls == []
    assert run.status is Status.FAILED
    assert (run.error or "").endswith("/token issued no token: it answered 401 (invalid_client).")


def test_token_and_call_have_one_time_limit(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, server: Server
) -> None:
    """Each of them alone would be done in time, which passes here."""
    server.takes = 1.5
    apply_documents(unit_of_work, f"{TEAMS}---{workflow(server, oauth(server), '    timeout: 2s')}")
    new_incident(unit_of_work)
    [(_, execution_id)] = recorded_jobs.enqueued
    work_off(unit_of_work, new_executor(unit_of_work, secrets=SECRETS), recorded_jobs.enqueued)
    with unit_of_work.begin() as work:
        run = view_workflow_execution(work, work.session.get_one(WorkflowExecution, execution_id))
    assert (run.status, len(server.asked)) == (Status.FAILED, 1)
    assert " within 0." in str(run.actions[0].error)
