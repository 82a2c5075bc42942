"""What posters and clocks ask all the time finds its rows by indexes, however much was delivered and has ended."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select, text

from bench.explaining import recorded
from bot.poster.claims import claim_next, next_due_at
from core.services.analytics.tallies import count_ended
from core.services.audit.chain import seal_entries
from core.services.executions.kinds import KINDS
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from workers.scheduler import EACH_ROUND, find_due

# A hundred thousand would prove no more: a plan is chosen by sizes that ANALYZE tells.
NOTICES = """
INSERT INTO notices (id, kind, subject_id, incident_id, thread_of, priority, wanted, delivered, message_ts, due_at)
SELECT 'ntc_' || n, CASE n % 2 WHEN 0 THEN 'headline' ELSE 'outcome' END, 'rbx_' || n / 2, 'inc_' || n / 4 + 1,
    CASE n % 2 WHEN 1 THEN 'rbx_' || n / 2 END, 1, 7, CASE WHEN n % 5000 = 0 THEN 6 ELSE 7 END, '1.0',
    '2026-01-01'::timestamptz - n * interval '1 second'
FROM generate_series(0, 19999) AS n
"""
INCIDENTS = """
INSERT INTO incidents (id, title, description, severity, team_id, labels, status, slack_channel, opened_by,
    created_at)
SELECT 'inc_' || n, '', '', 'low', 'tea_1', '{}', 'closed', 'C' || n, 'U0DBOPS', now()
FROM generate_series(1, 5000) AS n
"""
EXECUTIONS = """
INSERT INTO runbook_executions (id, definition, status, requested_by, created_at, finished_at, runbook_id, runbook_name,
    runbook_version, parameters, incident_id)
SELECT 'rbx_' || n, '{}', 'succeeded', 'U0DBOPS', now(), now(), 'rbk_1', 'tried', 1, '{}', 'inc_1'
FROM generate_series(1, 20000) AS n
"""
TRAIL = """
INSERT INTO audit_entries (created_at, actor, source, action, subject_id, details)
SELECT now(), 'U0DBOPS', 'slack', 'thing.done', 'rbx_' || n, '{}' FROM generate_series(1, 20000) AS n
"""
SEALS = """
INSERT INTO audit_seals (number, position, hash) SELECT number, number, md5(number::text) FROM audit_entries
ON CONFLICT DO NOTHING
"""

Act = Callable[[UnitOfWork], object]


@pytest.fixture
def much(engine: Engine, owner_engine: Engine) -> Engine:
    """Much that is over, and a little that is not."""
    with owner_engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (NOTICES, INCIDENTS, EXECUTIONS, TRAIL, SEALS):
            connection.execute(text(statement))
        connection.execute(text("INSERT INTO ended_executions (execution_id) VALUES ('rbx_7')"))
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return engine


def plans_of(unit_of_work: UnitOfWorkFactory, engine: Engine, act: Act) -> list[str]:
    """The lines of the plans of all that the act said."""
    with unit_of_work.begin() as work, recorded(engine) as said:
        act(work)
    with engine.connect() as connection:
        return [
            str(row[0])
            for each in said
            for row in connection.exec_driver_sql(f"EXPLAIN {each.text}", dict(each.parameters))
        ]


@pytest.mark.parametrize(
    "act",
    [
        lambda work: claim_next(work.session, work.now),
        lambda work: next_due_at(work.session, work.now),
        lambda work: find_due(work, KINDS["runbook"]),
        seal_entries,
        count_ended,
        lambda work: work.session.execute(select(*(task.has_work(work.now) for task in EACH_ROUND))),
    ],
    ids=["claim", "is owed", "ring", "seal", "count", "round"],
)
def test_nothing_reads_a_table_from_end_to_end(
    unit_of_work: UnitOfWorkFactory, much: Engine, act: Act
) -> None:
    plans = plans_of(unit_of_work, much, act)
    tables = ("notices", "incidents", "runbook_executions", "audit_entries", "audit_seals")
    whole = [line.strip() for line in plans for table in tables if f"Seq Scan on {table}" in line]

    assert plans
    assert whole == []


def test_who_takes_the_next_of_a_backlog_does_not_read_all_of_it(
    unit_of_work: UnitOfWorkFactory, much: Engine, owner_engine: Engine
) -> None:
    """After an hour without Slack thousands of messages are owed, and each of them is claimed by itself."""
    with owner_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("UPDATE notices SET delivered = 0"))
        connection.execute(text("VACUUM ANALYZE notices"))
    plan = "\n".join(plans_of(unit_of_work, much, lambda work: claim_next(work.session, work.now)))

    assert "ix_notices_turn" in plan
    assert "Sort" not in plan
