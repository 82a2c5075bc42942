"""Tokens: listed and revoked at the terminal; a revoked one is refused at once."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from typer.testing import CliRunner, Result

import cli.audit
from cli.client.connection import Connection
from cli.embedded import Services
from cli.main import app
from core.errors import Conflict, NotFound, RunbookError
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.rest.conftest import ClientOf
from tests.acceptance.rest.test_incidents import opened
from tests.conftest import ADMIN
from workers.scheduler import seal_the_audit_trail

Terminal = Callable[..., Result]


@pytest.fixture
def terminal(web: ASGIApp, engine: Engine, services: Services, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Type a command as the operator of this service."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("REDIS_URL", services.redis_url)
    return lambda *words: CliRunner().invoke(app, words)


def tokens(terminal: Terminal) -> list[dict[str, str]]:
    answer = terminal("token", "list", "--json")
    assert answer.exit_code == 0, answer.output
    listed: list[dict[str, str]] = json.loads(answer.stdout)["tokens"]
    return listed


def test_a_revoked_token_is_refused_at_once_and_the_others_are_not(
    responder: TestClient, other: TestClient, terminal: Terminal, client_of: ClientOf
) -> None:
    token = next(each for each in tokens(terminal) if each["user"] == "U0DBOPS")
    assert responder.get("/api/incidents").status_code == 200
    answer = terminal("token", "revoke", token["id"])

    assert (answer.exit_code, answer.stdout) == (0, f"Revoked {token['id']} (test, U0DBOPS).\n")
    assert responder.get("/api/incidents").status_code == 401
    assert other.get("/api/incidents").status_code == 200
    assert next(each for each in tokens(terminal) if each["id"] == token["id"])["revoked_at"] is not None
    [entry] = client_of(ADMIN).get("/api/audit", params={"action": "token.revoked"}).json()["audit"]
    assert (entry["actor"], entry["source"], entry["subject_id"]) == ("operator", "cli", token["id"])
    assert (entry["before"]["revoked"], entry["after"]["revoked"]) == (False, True)


def test_what_cannot_be_revoked_is_said(responder: TestClient, terminal: Terminal) -> None:
    assert isinstance(terminal("token", "revoke", "tok_none").exception, NotFound)
    [token] = tokens(terminal)
    terminal("token", "revoke", token["id"])
    again = terminal("token", "revoke", token["id"]).exception
    assert isinstance(again, Conflict)
    assert "was already revoked on" in str(again)


def test_the_list_shows_no_token(responder: TestClient, terminal: Terminal) -> None:
    said = terminal("token", "list").stdout

    assert "U0DBOPS" in said
    assert responder.headers["Authorization"].split()[1] not in said


def test_a_created_token_is_good_and_audited(
    stranger: TestClient, terminal: Terminal, client_of: ClientOf
) -> None:
    token = terminal("token", "create", "--user", "U0DBOPS", "--name", "deploys").stdout.splitlines()[-1]
    answer = stranger.get("/api/incidents", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200
    created = client_of(ADMIN).get("/api/audit", params={"action": "token.created"}).json()["audit"]
    [after] = [entry["after"] for entry in created if entry["after"]["name"] == "deploys"]
    assert (after["for"], after["scopes"], after["team"]) == ("U0DBOPS", ["read", "run"], None)
    assert after["expires_at"] is not None
    assert token not in json.dumps(created)


def test_audit_verify_says_whether_the_chain_is_whole(
    responder: TestClient, terminal: Terminal, unit_of_work: UnitOfWorkFactory, owner_engine: Engine
) -> None:
    opened(responder)
    seal_the_audit_trail(unit_of_work)
    whole = terminal("audit", "verify")
    assert whole.exit_code == 0
    assert "chain is intact" in whole.stdout
    head = json.loads(terminal("audit", "verify", "--json").stdout)["head"]
    assert head in whole.stdout
    assert terminal("audit", "verify", "--head", head).exit_code == 0
    assert terminal("audit", "verify", "--head", "0" * 64).exit_code == 1

    with owner_engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE audit_entries SET actor = 'U0BOB' WHERE number = 2")
    broken = terminal("audit", "verify")
    assert broken.exit_code == 1
    assert "BROKEN: Entry 2, at position 2 of the chain, was changed after it was sealed" in broken.stdout
    assert "before it that are intact: 1." in broken.stdout


def test_audit_export_gives_a_line_an_entry(
    responder: TestClient, client_of: ClientOf, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = opened(responder)["id"]
    clients = {"admin": client_of(ADMIN), "responder": responder}

    def connected(who: str) -> None:
        client = clients[who]
        token = client.headers["Authorization"].split()[1]
        connection = Connection("http://testserver", token, client._transport)
        monkeypatch.setattr(cli.audit, "connect", lambda url: connection)

    connected("admin")
    answer = terminal("audit", "export", "--action", "incident.opened", "--since", "2020-01-01")
    assert answer.exit_code == 0, answer.output
    [line] = [each for each in answer.stdout.splitlines() if each.startswith("{")]
    assert json.loads(line)["subject_id"] == incident
    connected("responder")
    refused = terminal("audit", "export").exception
    assert isinstance(refused, RunbookError)
    assert "Only admins may read the audit trail" in str(refused)
