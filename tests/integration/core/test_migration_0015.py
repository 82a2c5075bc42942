"""An installation from before: what shared a channel or a lock goes on, and nothing is lost."""

from collections.abc import Iterator
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, text

from cli.embedded import Services, create_database
from core.database import open_engine
from migrations.upgrade import alembic_config

BEFORE = """
INSERT INTO teams (id, name, created_at) VALUES ('tea_d', 'data', now()), ('tea_w', 'web', now());
INSERT INTO incidents (id, title, description, severity, team_id, labels, status, slack_channel, opened_by, created_at)
VALUES ('inc_1', 'a', '', 'low', 'tea_d', '{}', 'open', 'C0DATA', 'U1', now()),
    ('inc_2', 'b', '', 'low', 'tea_w', '{}', 'open', 'C0DATA', 'U1', now()),
    ('inc_3', 'c', '', 'low', 'tea_d', '{}', 'closed', 'C0DATA', 'U1', now()),
    ('inc_4', 'd', '', 'low', 'tea_d', '{}', 'open', NULL, 'U1', now());
INSERT INTO runbooks (id, name, team_id, version, definition, changed_by, created_at, updated_at, status)
VALUES ('rbk_1', 'shared', NULL, 1,
        '{"lock":"db/orders","steps":[{"type":"message","channel":"C0NEWS"}]}', 'U1', now(), now(), 'approved'),
    ('rbk_2', 'webs', 'tea_w', 1, '{"steps":[{"type":"message","channel":"C0WEBNEWS"},
        {"type":"message","channel":"C0DATA"},{"type":"message","channel":"{{ params.x }}"}]}',
        'U1', now(), now(), 'approved');
INSERT INTO runbook_executions (id, definition, status, waiting_for, requested_by, created_at, runbook_id, runbook_name,
    runbook_version, parameters, incident_id, lock_name, holds_lock)
VALUES
    ('rbx_1', '{"lock":"db/orders"}', 'running', NULL, 'U1', now(), 'rbk_1', 'shared', 1, '{}', 'inc_1', 'db/orders', true),
    ('rbx_2', '{"lock":"db/orders"}', 'waiting', 'lock', 'U1', now(), 'rbk_1', 'shared', 1, '{}', 'inc_2', 'db/orders', false),
    ('rbx_3', '{"lock":"db/orders"}', 'waiting', 'lock', 'U1', now(), 'rbk_1', 'shared', 1, '{}', 'inc_1', 'db/orders', false),
    ('rbx_4', '{"lock":"global/x"}', 'running', NULL, 'U1', now(), 'rbk_1', 'shared', 1, '{}', 'inc_1', 'global/x', true),
    ('rbx_5', '{"lock":"db/orders"}', 'failed', NULL, 'U1', now(), 'rbk_1', 'shared', 1, '{}', 'inc_1', 'db/orders', false);
"""  # noqa: E501 a row a line


@pytest.fixture
def upgraded(services: Services, worker_id: str) -> Iterator[Engine]:
    engine = open_engine(create_database(services.owner_url, f"before_0015_{worker_id}"))
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0008")
        for statement in filter(str.strip, BEFORE.split(";\n")):
            connection.exec_driver_sql(statement.replace("%", "%%"))
        command.upgrade(config, "0015")
    yield engine
    engine.dispose()


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_what_shared_goes_on(upgraded: Engine) -> None:
    channels = rows(upgraded, "SELECT id, slack_channel, channel_is_current FROM incidents ORDER BY id")
    assert channels == [
        ("inc_1", "C0DATA", False),  # the newer one had its commands before, too
        ("inc_2", "C0DATA", True),
        ("inc_3", "C0DATA", True),
        ("inc_4", None, True),
    ]
    locks = rows(upgraded, "SELECT id, lock_name, holds_lock, status FROM runbook_executions ORDER BY id")
    assert locks == [
        ("rbx_1", "team:data/db/orders", True, "running"),
        ("rbx_2", "team:web/db/orders", True, "pending"),  # it waited for another team's
        ("rbx_3", "team:data/db/orders", False, "waiting"),
        ("rbx_4", "global/x", True, "running"),
        ("rbx_5", "db/orders", False, "failed"),
    ]
    [(due,)] = rows(upgraded, "SELECT wake_at <= now() FROM runbook_executions WHERE id = 'rbx_2'")
    assert due
    declared = rows(upgraded, "SELECT team_id, channel FROM team_channels ORDER BY channel, team_id")
    assert declared == [("tea_d", "C0NEWS"), ("tea_w", "C0NEWS"), ("tea_w", "C0WEBNEWS")]
