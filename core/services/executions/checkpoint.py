"""The checkpoint: saves the new state of an execution, unless somebody else has changed it since it was read.

It happens once per step, so it is a single statement that can autocommit: one round trip and one WAL flush, where a
transaction of four statements would need more.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

from core.fault_injection import is_disabled
from core.services.executions.kinds import Kind, KindName, changed_steps
from core.values.execution import Execution

# Writes an execution, its changed steps, and marks its cards dirty, if the revision is still the one that was read.
# As SQL: data-modifying CTEs make this one statement. The placeholders are filled with our own constants only.
CHECKPOINT = """
WITH execution AS (
    UPDATE {executions}
    SET status = :status, waiting_for = :waiting_for, error = :error, cancel_requested = :cancel_requested,
        started_at = :started_at, finished_at = :finished_at, wake_at = :wake_at, outcome = :outcome,
        worker = CASE WHEN :released THEN NULL ELSE worker END,
        rung_at = CASE WHEN :released THEN NULL ELSE rung_at END,
        revision = revision + 1
    WHERE id = :id AND {fence}
    RETURNING id
), steps AS (
    UPDATE {steps} AS step
    SET status = changed.status, attempt = changed.attempt, started_at = changed.started_at,
        finished_at = changed.finished_at, request = NULLIF(changed.request, 'null'),
        output = NULLIF(changed.output, 'null'), saved = changed.saved, error = changed.error,
        maybe_done = changed.maybe_done, progress = NULLIF(changed.progress, 'null')
    FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS changed(
        position integer, status text, attempt integer, started_at timestamptz, finished_at timestamptz,
        request jsonb, output jsonb, saved jsonb, error text, maybe_done boolean, progress jsonb)
    WHERE step.execution_id = :id AND step.position = changed.position AND EXISTS (SELECT FROM execution)
), shown AS (
    UPDATE notices SET wanted = wanted + 1
    WHERE subject_id = :id AND kind IN ('headline', 'detail') AND EXISTS (SELECT FROM execution)
)
SELECT count(*) FROM execution
"""

TABLES = {
    "runbook": {"executions": "runbook_executions", "steps": "step_executions"},
    "workflow": {"executions": "workflow_executions", "steps": "action_executions"},
}
FENCE = "revision = :revision"


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an execution from `before`, which was read at `revision`, to `after`.

    `wake_at`: the end of the lease while a worker holds it, otherwise when it next needs a worker. `released`: True if
    no worker holds it after the change.
    """

    kind: Kind
    id: str
    revision: int
    before: Execution
    after: Execution
    wake_at: datetime | None
    released: bool


def save(connection: Connection | Session, change: Change) -> bool:
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
        "steps": json.dumps(changed_steps(change.before, after)),
    }
    written: int = connection.execute(_statement(change.kind.name), parameters).one()[0]
    return written == 1


@cache
def _statement(kind: KindName) -> TextClause:
    fence = ":revision >= 0" if is_disabled("fencing") else FENCE
    return text(CHECKPOINT.format(fence=fence, **TABLES[kind]))
