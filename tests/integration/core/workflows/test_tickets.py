"""Tickets in Jira and Linear: created once, found again, linked on the incident."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest

from core.statuses import Status
from tests.integration.core.workflows.deployment import Deployment


class Trackers:
    """Jira and Linear. `silent`: how many creations get no answer, though they happen; `may_answer`: or not yet."""

    def __init__(self) -> None:
        self.url = ""
        self.issues: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.silent = 0
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.may_answer = threading.Event()
        self.may_answer.set()

    def answer(self, path: str, authorization: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.requests.append((path, authorization, body))
        if self.refusal is not None:
            return self.refusal
        if path == "/rest/api/3/search/jql":
            label = body["jql"].removeprefix('labels = "').removesuffix('"')
            found = [issue for issue in self.issues if label in issue["labels"]]
            return 200, {"issues": [{"id": "1", "key": issue["key"]} for issue in found], "isLast": True}
        if path == "/rest/api/3/issue":
            return 201, {"id": "1", "key": self._create(body["fields"])}
        return 200, {"data": self._linear(body)}

    def _linear(self, body: dict[str, Any]) -> dict[str, Any]:
        if "issueCreate" in body["query"]:
            key = self._create(body["variables"]["input"])
            return {"issueCreate": {"success": True, "issue": self._issue(key)}}
        found = [issue for issue in self.issues if issue["id"] == body["variables"]["id"]]
        return {"issues": {"nodes": [self._issue(issue["key"]) for issue in found]}}

    def _create(self, fields: dict[str, Any]) -> str:
        key = f"OPS-{len(self.issues) + 1}"
        self.issues.append({**fields, "key": key})
        return key

    def _issue(self, key: str) -> dict[str, str]:
        return {"identifier": key, "url": f"https://linear.example/{key}"}


@pytest.fixture
def trackers() -> Iterator[Trackers]:
    world = Trackers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            before = len(world.issues)
            world.may_answer.wait(20)
            status, answer = world.answer(self.path, self.headers["Authorization"], body)
            if world.silent and len(world.issues) > before:
                world.silent -= 1
                self.close_connection = True
                return
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            with suppress(ConnectionError):  # who asked may have given up
                self.end_headers()
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


SAFE = "retry: {safe: true, attempts: 3, backoff: 1s}"


def jira(trackers: Trackers, more: str = "") -> str:
    return f"""
    type: jira
    site: {trackers.url}/
    email: ops@example.com
    token: "{{{{ secrets.TOKEN }}}}"
    project: OPS
    summary: "{{{{ incident.title }}}}"
    description: "First line.\\n\\nSecond: {{{{ incident.severity }}}}."
    labels: [outage]
    fields: {{priority: {{name: High}}}}
    {more}
"""


def linear(trackers: Trackers, more: str = "") -> str:
    return f"""
    type: linear
    endpoint: {trackers.url}/graphql
    token: "{{{{ secrets.TOKEN }}}}"
    team: 9cfb482a
    title: "{{{{ incident.title }}}}"
    description: "It is {{{{ incident.severity }}}}."
    fields: {{priority: 1}}
    {more}
"""


def workflow(action: str) -> str:
    return f"""
kind: workflow
name: tickets
trigger: {{on: incident.created}}
actions:
  - id: ticket
    {action.strip()}
  - {{id: tell, type: message, text: "{{{{ actions.ticket.output.key }}}}"}}
---
kind: workflow
name: other
trigger: {{on: incident.created}}
actions:
  - {{id: tell, type: message, text: nothing}}
"""


@pytest.fixture
def world(deployment: Deployment) -> Deployment:
    deployment.secrets["TOKEN"] = "the-tokens-secret"
    return deployment


def test_a_jira_issue_is_created_and_linked(world: Deployment, trackers: Trackers) -> None:
    world.apply(workflow(jira(trackers)))
    incident = world.open()
    [(path, authorization, _)] = trackers.requests
    [issue] = trackers.issues

    assert path == "/rest/api/3/issue"
    assert authorization.startswith("Basic ")
    assert (issue["project"], issue["issuetype"]) == ({"key": "OPS"}, {"name": "Task"})
    assert (issue["summary"], issue["priority"]) == ("Orders down", {"name": "High"})
    lines = [part["content"][0]["text"] for part in issue["description"]["content"]]
    assert lines == ["First line.", "Second: medium."]
    assert issue["labels"] == ["outage", f"runbook-{world.run('tickets').id}.ticket"]
    [link] = world.incident(incident).links
    assert (link.name, link.url) == ("OPS-1", f"{trackers.url}/browse/OPS-1")
    assert sorted(world.said()) == ["OPS-1", "nothing"]
    assert "the-tokens-secret" not in world.run("tickets").model_dump_json()


def test_a_linear_issue_is_created_and_linked(world: Deployment, trackers: Trackers) -> None:
    world.apply(workflow(linear(trackers)))
    incident = world.open()
    [(_, authorization, _)] = trackers.requests
    [issue] = trackers.issues

    assert authorization == "the-tokens-secret"
    assert (issue["teamId"], issue["title"], issue["priority"]) == ("9cfb482a", "Orders down", 1)
    assert issue["description"] == "It is medium."
    assert UUID(issue["id"]).version == 4
    [link] = world.incident(incident).links
    assert (link.name, link.url) == ("OPS-1", "https://linear.example/OPS-1")
    assert "the-tokens-secret" not in world.run("tickets").model_dump_json()


@pytest.mark.parametrize("kind", [jira, linear])
def test_a_ticket_whose_creation_got_no_answer_is_found_and_not_made_twice(
    world: Deployment, trackers: Trackers, kind: Any
) -> None:
    trackers.silent = 1
    world.apply(workflow(kind(trackers, SAFE)))
    incident = world.open()
    assert world.run("tickets").status is Status.WAITING
    world.at(timedelta(seconds=1))

    assert len(trackers.issues) == 1
    assert [link.name for link in world.incident(incident).links] == ["OPS-1"]
    assert world.run("tickets").status is Status.SUCCEEDED


@pytest.mark.parametrize("kind", [jira, linear])
def test_a_ticket_that_is_not_safe_to_repeat_is_asked_for_once(
    world: Deployment, trackers: Trackers, kind: Any
) -> None:
    trackers.silent = 1
    world.apply(workflow(kind(trackers)))
    world.open()
    world.at(timedelta(minutes=1))

    assert len(trackers.requests) == 1
    assert world.run("tickets").status is Status.FAILED
    assert world.statuses("tickets")["ticket"] == "unknown"


@pytest.mark.parametrize("kind", [jira, linear])
def test_an_action_takes_no_longer_than_its_timeout(world: Deployment, trackers: Trackers, kind: Any) -> None:
    trackers.may_answer.clear()
    world.apply(workflow(kind(trackers, "timeout: 300ms")))
    world.open()
    trackers.may_answer.set()

    assert world.statuses("tickets")["ticket"] == "unknown"
    assert world.run("tickets").error == "Step ticket: No complete answer: timed out."


@pytest.mark.parametrize("kind", [jira, linear])
def test_a_ticket_that_cannot_be_looked_for_is_not_made_again(
    world: Deployment, trackers: Trackers, kind: Any
) -> None:
    trackers.silent = 1
    world.apply(workflow(kind(trackers, SAFE)))
    world.open()
    trackers.refusal = (503, {})
    world.at(timedelta(seconds=1))
    assert len(trackers.issues) == 1
    trackers.refusal = None
    world.at(timedelta(seconds=3))
    assert (len(trackers.issues), world.run("tickets").status) == (1, Status.SUCCEEDED)


@pytest.mark.parametrize(
    ("kind", "refusal", "sentence"),
    [
        (
            jira,
            (400, {"errors": {"project": "no such"}}),
            'Jira answered 400: {"errors": {"project": "no such"}}',
        ),
        (jira, (200, {"nothing": 1}), "Jira answered 200"),
        (linear, (200, {"errors": [{"message": "bad team"}]}), "bad team"),
        (linear, (200, {"data": {"issueCreate": None}}), "Linear sent an unexpected answer"),
        (linear, (401, {"errors": [{"message": "the-tokens-secret is wrong"}]}), "*** is wrong"),
    ],
)
def test_a_refusal_fails_the_action_with_what_was_said(
    world: Deployment, trackers: Trackers, kind: Any, refusal: tuple[int, dict[str, Any]], sentence: str
) -> None:
    trackers.refusal = refusal
    world.apply(workflow(kind(trackers)))
    incident = world.open()

    assert sentence in (world.run("tickets").error or "")
    assert world.incident(incident).links == []
