"""An existing database: workflows that ran before workflows were approved go on running, and that is told."""

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from cli.embedded import Services, create_database
from core.database import open_engine
from migrations.upgrade import alembic_config, upgrade_database

REVISION = "0009"
WORKFLOW = """
INSERT INTO workflows (id, name, enabled, version, trigger_on, definition, changed_by, created_at, updated_at,
    deleted_at, quarantine)
VALUES (:id, :id, :enabled, 2, 'manual', CAST(:definition AS json), 'U1', now(), now(),
    CASE WHEN :deleted THEN now() END, :quarantine)
"""
DEFINITION = """{"trigger": {"on": "manual", "b": [1.50, "x"]}, %s"kind": "workflow", "actions": []}"""
OF_RUNBOOK = """
INSERT INTO runbooks (id, name, status, version, approved_version, definition, changed_by, created_at, updated_at)
VALUES ('rbk_1', 'old', 'approved', 1, 1, '{}', 'U1', now(), now())
"""
ITS_HISTORY = """
INSERT INTO runbook_versions (runbook_id, version, change, status, definition, changed_by, note, created_at)
VALUES ('rbk_1', 1, :change, 'approved', '{}', :who, '', now())
"""


def add_workflow(
    connection: Connection,
    id_: str,
    *,
    enabled: bool = True,
    deleted: bool = False,
    quarantine: str | None = None,
) -> None:
    definition = DEFINITION % ("" if enabled else '"enabled": false, ')
    values = {"id": id_, "enabled": enabled, "definition": definition}
    connection.execute(text(WORKFLOW), values | {"deleted": deleted, "quarantine": quarantine})


@pytest.fixture
def before(services: Services, worker_id: str) -> Iterator[Engine]:
    """A database as the release before had it."""
    engine = open_engine(create_database(services.owner_url, f"before_{worker_id}"))
    config = alembic_config()
    revision = ScriptDirectory.from_config(config).get_revision(REVISION)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, str(revision.down_revision))
        add_workflow(connection, "on")
        add_workflow(connection, "off", enabled=False)
        add_workflow(connection, "killer", enabled=False, quarantine="It killed.")
        add_workflow(connection, "gone", deleted=True)
        connection.execute(text(OF_RUNBOOK))
        for change, who in (("created", "U1"), ("approved", "U0ADMIN")):
            connection.execute(text(ITS_HISTORY), {"change": change, "who": who})
    yield engine
    engine.dispose()


def rows(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_what_ran_is_approved_and_says_by_what(before: Engine) -> None:
    upgrade_database(before)

    query = "SELECT id, status, approved_version, approved_by, trigger_on, in_force::text FROM workflows ORDER BY id"
    found = {row[0]: row[1:] for row in rows(before, query)}
    assert found["on"][:4] == found["off"][:4] == ("approved", 2, "migrated", "manual")
    assert found["killer"] == ("draft", None, None, None, None)
    assert "enabled" not in str(found["off"][4])
    assert str(found["off"][4]).index("trigger") < str(found["off"][4]).index("kind")
    assert "1.50" in str(found["off"][4])
    history = rows(
        before, "SELECT workflow_id, version, change, changed_by FROM workflow_versions ORDER BY 1"
    )
    assert history == [("off", 2, "approved", "migrated"), ("on", 2, "approved", "migrated")]
    told = (
        "SELECT subject_id, actor, source, action, details #>> '{after,status}' FROM audit_entries ORDER BY 1"
    )
    assert rows(before, told) == [
        (id_, "migrated", "migration", "workflow.approved", "approved") for id_ in ("off", "on")
    ]
    assert rows(before, "SELECT approved_by FROM runbooks") == [("U0ADMIN",)]
