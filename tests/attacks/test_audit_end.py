"""Truncating the audit trail, as the service's role or the tables' owner: a truncated chain is still consistent."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from cli.audit import app
from cli.embedded import Services
from tests.acceptance.slack.requests import SECRET
from tests.attacks.deployment import DATA_OPS, Deployment
from workers.audit_heads import HourlyHead, to_file
from workers.scheduler import seal_the_audit_trail

LAST = "(SELECT max(number) FROM audit_entries)"
CUT = (
    f"DELETE FROM audit_seals WHERE number = {LAST}",
    f"DELETE FROM audit_entries WHERE number = {LAST}",
)
WAYS = [
    *CUT,
    f"UPDATE audit_entries SET actor = 'U0BOB' WHERE number = {LAST}",
    "UPDATE audit_seals SET number = number + 1000",
    "TRUNCATE audit_entries, audit_seals",
    "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only ON audit_entries",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    "ALTER TABLE audit_entries OWNER TO runbook_app",
    "SET ROLE runbook",
    "DROP TABLE audit_seals",
]


@pytest.fixture
def kept(deployment: Deployment, tmp_path: Path) -> Path:
    """A trail with a few deeds in it, and the file in which the clock keeps its heads."""
    file = tmp_path / "heads"
    write = HourlyHead(SECRET, {"file": to_file(file)}, lambda: 0.0).write_head
    for title in ("first", "second"):
        deployment.rest(DATA_OPS).post(
            "/api/incidents", json={"title": title, "team": "data", "severity": "low"}
        )
        seal_the_audit_trail(deployment.unit_of_work)
    write(deployment.unit_of_work)
    return file


@pytest.fixture
def operator(engine: Engine, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("REDIS_URL", services.redis_url)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", SECRET)


def verify(*options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["audit", "verify", *options])
    return done.exit_code, done.stdout + str(done.exception or "")


@contextmanager
def at_rest(owner_engine: Engine) -> Iterator[Connection]:
    """The owner, who is a superuser, has put the triggers to rest."""
    with owner_engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection


@pytest.mark.parametrize("way", WAYS)
def test_the_services_role_cuts_nothing_off_and_puts_no_trigger_to_rest(
    kept: Path, engine: Engine, way: str
) -> None:
    """Red before: the embedded role was a superuser that owned the tables, and all but the plain DELETEs succeeded."""
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), engine.begin() as attack:
        attack.execute(text(way))


@pytest.mark.usefixtures("operator")
def test_an_end_that_the_owner_cut_off_is_noticed_by_a_kept_head(kept: Path, owner_engine: Engine) -> None:
    """Red before: `verify` found the chain whole, and it is; only the head was not in it, wherever that was."""
    assert verify("--head", str(kept))[0] == 0
    with at_rest(owner_engine) as connection:
        for statement in CUT:
            connection.execute(text(statement))
    head = json.loads(kept.read_text())

    assert verify()[0] == 0
    status, said = verify("--head", str(kept))
    assert status == 1
    assert (
        f"at position {head['position']}, but the chain ends at {head['position'] - 1}: its end was cut off"
        in said
    )


@pytest.mark.usefixtures("operator")
def test_an_end_that_was_cut_off_and_grew_again_is_noticed(
    deployment: Deployment, kept: Path, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_rest(owner_engine) as connection:
        for statement in CUT:
            connection.execute(text(statement))
    deployment.rest(DATA_OPS).post(
        "/api/incidents", json={"title": "other", "team": "data", "severity": "low"}
    )
    seal_the_audit_trail(deployment.unit_of_work)
    monkeypatch.setenv("RUNBOOK_AUDIT_HEAD_FILE", str(kept))

    status, said = verify()
    assert status == 1
    assert "the chain has another hash there: it was rewritten" in said


@pytest.mark.usefixtures("operator")
def test_a_head_that_was_made_to_fit_is_noticed(
    deployment: Deployment, kept: Path, owner_engine: Engine
) -> None:
    """Who owns the database may own the file, too; not the signing secret."""
    with at_rest(owner_engine) as connection:
        for statement in CUT:
            connection.execute(text(statement))
        newest = connection.execute(
            text("SELECT position, hash FROM audit_seals ORDER BY position DESC LIMIT 1")
        ).one()
    head = json.loads(kept.read_text())
    kept.write_text(json.dumps({**head, "position": newest.position, "hash": newest.hash}) + os.linesep)

    status, said = verify("--head", str(kept))
    assert status == 1
    assert "is not signed with this SLACK_SIGNING_SECRET" in said


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("content", ["", "no head\n", '{"position": 1}\n', "[]\n"])
def test_a_file_without_heads_is_no_proof(kept: Path, content: str) -> None:
    kept.write_text(content)
    assert verify("--head", str(kept))[0] == 1
