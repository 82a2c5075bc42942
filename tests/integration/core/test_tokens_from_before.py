"""A database from before tokens had scopes: they read and run, and it is told."""

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, text

from cli.doctor_checks import tokens
from cli.embedded import Services, create_database
from core.clock import SystemClock
from core.database import open_engine
from core.decisions.people import Person
from core.services.access.tokens import authenticate, digest_of, list_tokens, narrowed_tokens
from core.statuses import TokenScope
from core.unit_of_work import UnitOfWorkFactory
from migrations.upgrade import alembic_config, upgrade_database
from tests.conftest import ADMIN, RecordedJobs

BEFORE = "0013"
OLD = """
INSERT INTO api_tokens (id, digest, name, slack_user_id, created_at, revoked_at)
VALUES (:id, :digest, :name, 'U0DBOPS', now(), :revoked_at)
"""


@pytest.fixture
def old_engine(services: Services, worker_id: str) -> Iterator[Engine]:
    """At the migration before, with a token that is good and one that is revoked."""
    engine = open_engine(create_database(services.owner_url, f"before_tokens_{worker_id}"))
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        for id_, revoked_at in (("tok_good", None), ("tok_gone", "2026-01-01T00:00:00Z")):
            values = {"id": id_, "digest": digest_of(id_), "name": "deploys", "revoked_at": revoked_at}
            connection.execute(text(OLD), values)
    yield engine
    engine.dispose()


def test_a_token_from_before_reads_and_runs_and_says_so(old_engine: Engine) -> None:
    upgrade_database(old_engine)
    unit_of_work = UnitOfWorkFactory(old_engine, SystemClock(), RecordedJobs(), frozenset({ADMIN}))
    with unit_of_work.begin() as work:
        found = authenticate(work, "tok_good", source="rest")
        assert authenticate(work, "tok_gone", source="rest") is None
        admin = Person(ADMIN, is_platform_admin=True)
        assert [row.id for row in narrowed_tokens(work)] == ["tok_good"]
        assert {row.id for row in list_tokens(work, admin)} == {"tok_good", "tok_gone"}
        told = work.session.execute(
            text("SELECT actor, action, subject_id, details FROM audit_entries")
        ).all()

    assert found is not None
    assert found[0].scopes == frozenset({TokenScope.READ, TokenScope.RUN})
    assert found[1].expires_at is None
    [(actor, action, subject, details)] = told
    assert (actor, action, subject) == ("system", "token.narrowed", "tok_good")
    assert (details["before"]["scopes"], details["after"]["scopes"]) == (None, ["read", "run"])
    [finding] = tokens(unit_of_work)
    assert finding.ok
    assert "1 token was created before tokens had scopes" in finding.message
    assert "--scope read,run,approve,write" in finding.message
