"""Wait until nothing is left to do, except what waits for people; and notice when too much is due."""

import time
from collections.abc import Callable

import psycopg

MOST = 12  # beyond that the driver pauses: a backlog of the bench's own making proves nothing
DUE = """
SELECT (SELECT count(*) FROM runbook_executions WHERE wake_at < now())
     + (SELECT count(*) FROM workflow_executions WHERE wake_at < now())
"""


def is_too_long(conninfo: str) -> bool:
    """Return whether too much is due for new requests; also True while the database is unreachable."""
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=2) as connection:
            row = connection.execute(DUE).fetchone()
    except psycopg.OperationalError:
        return True
    return row is not None and row[0] > MOST


# A run that waits for its children, and a child that has not been started, wait for whatever another run of their
# family waits for; if none waits for people or a lock, they are left to do.
LEFT = """
WITH family AS (
    SELECT id, status, waiting_for, wake_at, coalesce(root_execution_id, id) AS root,
           status = 'pending' AND wake_at IS NULL AND parent_execution_id IS NOT NULL AS is_unstarted,
           status = 'waiting' AND waiting_for IN ('approval', 'input', 'verdict', 'lock') AS waits_elsewhere
    FROM runbook_executions
)
SELECT
    (SELECT count(*) FROM family AS run
     WHERE CASE
        WHEN is_unstarted OR status = 'waiting' AND waiting_for = 'children' THEN
            NOT EXISTS (SELECT FROM family AS other WHERE other.root = run.root AND other.waits_elsewhere)
        WHEN waits_elsewhere THEN wake_at < now() + interval '1 minute'
        ELSE status IN ('pending', 'running', 'waiting') END) AS executions,
    (SELECT count(*) FROM workflow_executions WHERE status IN ('pending', 'running', 'waiting')) AS workflows,
    (SELECT count(*) FROM notices WHERE wanted > delivered AND abandoned_at IS NULL) AS notices
"""
LOOK_SECONDS = 1.0
STILL_SECONDS = 5.0  # how long nothing must be left to do


def settle(conninfo: str, is_quiet: Callable[[], bool], seconds: float) -> str | None:
    """Wait until nothing is left, and return None; after `seconds`, return what is left, in words."""
    deadline, still_since = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        left = left_to_do(conninfo)
        if any(left) or not is_quiet():
            still_since = None
        else:
            still_since = still_since or time.monotonic()
            if time.monotonic() - still_since >= STILL_SECONDS:
                return None
        time.sleep(LOOK_SECONDS)
    executions, workflows, notices = left_to_do(conninfo)
    return f"{executions} executions, {workflows} workflow executions and {notices} messages"


def left_to_do(conninfo: str) -> tuple[int, int, int]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute(LEFT).fetchone()
    assert row is not None
    return row[0], row[1], row[2]
