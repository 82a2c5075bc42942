"""The checkpoint: saves the new state of an execution, unless somebody else has changed it since it was read.

It happens once per step, so it is a single statement that can autocommit: one round trip and one WAL flush, where a
transaction of four statements would need more. For the same reason it changes no indexed column of a run that goes on
(https://www.postgresql.org/docs/current/storage-hot.html): the heartbeat alone moves `wake_at`, and a card that is
already dirty is not marked again.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection

from core.fault_injection import is_disabled
from core.services.executions.kinds import Kind, KindName, changed_steps
from core.values.execution import Execution

# Writes an execution, its changed steps, and marks its cards dirty, if the revision is still the one that was read.
# As SQL: data-modifying CTEs make this one statement, in psycopg's own form, which SQLAlchemy need not compile. The
# placeholders in braces are filled with our own constants only.
#
# A card stays as it is if it is dirty and no poster has claimed it: who claims it later will show this state, too. Not
# so an uncertain one, whose message may be found as it was posted. The row is locked, so that a claim happens either
# before, and is seen here, or after this is committed.
CHECKPOINT = """
WITH execution AS (
    UPDATE {executions}
    SET status = %(status)s, waiting_for = %(waiting_for)s, error = %(error)s,
        cancel_requested = %(cancel_requested)s, started_at = %(started_at)s, finished_at = %(finished_at)s,
        outcome = %(outcome)s,
        wake_at = CASE WHEN %(leased)s THEN wake_at ELSE %(wake_at)s END,
        worker = CASE WHEN %(released)s THEN NULL ELSE worker END,
        rung_at = CASE WHEN %(released)s THEN NULL ELSE rung_at END,
        revision = revision + 1
    WHERE id = %(id)s AND {fence}
    RETURNING id
), steps AS (
    UPDATE {steps} AS step
    SET status = changed.status, attempt = changed.attempt, started_at = changed.started_at,
        finished_at = changed.finished_at, request = NULLIF(changed.request, 'null'),
        output = NULLIF(changed.output, 'null'), saved = changed.saved, error = changed.error,
        maybe_done = changed.maybe_done, progress = NULLIF(changed.progress, 'null')
    FROM jsonb_to_recordset(CAST(%(steps)s AS jsonb)) AS changed(
        position integer, status text, attempt integer, started_at timestamptz, finished_at timestamptz,
        request jsonb, output jsonb, saved jsonb, error text, maybe_done boolean, progress jsonb)
    WHERE step.execution_id = %(id)s AND step.position = changed.position AND EXISTS (SELECT FROM execution)
), card AS (
    SELECT id, wanted > delivered AND leased_until IS NULL AND NOT uncertain AS is_dirty FROM notices
    WHERE subject_id = %(id)s AND kind IN ('headline', 'detail') AND EXISTS (SELECT FROM execution)
    FOR NO KEY UPDATE
), shown AS (
    UPDATE notices SET wanted = wanted + 1 FROM card WHERE notices.id = card.id AND NOT card.is_dirty
)
SELECT count(*) FROM execution
"""

TABLES = {
    "runbook": {"executions": "runbook_executions", "steps": "step_executions"},
    "workflow": {"executions": "workflow_executions", "steps": "action_executions"},
}
FENCE = "revision = %(revision)s"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an execution from `before`, which was read at `revision`, to `after`.

    `wake_at`: when it next needs a worker; for `leased`, a run whose worker goes on with it, the end of the lease stays
    as it is. `released`: True if no worker holds it after the change.
    """

    kind: Kind
    id: str
    revision: int
    before: Execution
    after: Execution
    wake_at: datetime | None
    released: bool
    leased: bool = False


def save(connection: Connection, change: Change) -> bool:
    """Write the change. Return False, with nothing written, if somebody else has changed the execution since.

    It also marks the execution's cards dirty; the caller wakes the posters after the commit.
    """
    after = change.after
    parameters = {
        "id": change.id,
        "revision": change.revision,
        "status": after.status.value,
        "waiting_for": after.waiting_for.value if after.waiting_for else None,
        "error": after.error,
        "cancel_requested": after.cancel_requested,
        "started_at": after.started_at,
        "finished_at": after.finished_at,
        "outcome": after.outcome.value if after.outcome else None,
        "wake_at": change.wake_at,
        "released": change.released,
        "leased": change.leased,
        "steps": json.dumps(changed_steps(change.before, after)),
    }
    written: int = connection.exec_driver_sql(_statement(change.kind.name), parameters).scalar_one()
    return written == 1


@cache
def _statement(kind: KindName) -> str:
    fence = "%(revision)s >= 0" if is_disabled("fencing") else FENCE
    return CHECKPOINT.format(fence=fence, **TABLES[kind])
