"""Tallies of ended executions: outcomes, failures, and histograms of durations (docs/adr/0015).

The scheduler counts each end once. An end is put on the list `ended_executions` in its own transaction, and is removed
from it in the transaction that counts it, so a reader of both the list and the tallies sees each end exactly once.
Durations are counted in buckets that grow by 5 %: a percentile is at most `ERROR` away from the exact one.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, exists, text

from core.advisory_locks import Number, try_the
from core.identifiers import Prefix
from core.tables import EndedExecution
from core.unit_of_work import UnitOfWork

SMALLEST = 0.001
GROWTH = 1.05
ERROR = (GROWTH - 1) / (GROWTH + 1)  # 2.4 %

Buckets = Mapping[int, int]  # the number of durations by bucket number


def value_of(bucket: int) -> float:
    """Return a bucket's value in seconds.

    Bucket n holds durations above SMALLEST * GROWTH ** (n - 1) up to SMALLEST * GROWTH ** n; those up to SMALLEST
    count as 0.
    """
    return SMALLEST * GROWTH**bucket * 2 / (GROWTH + 1) if bucket > 0 else 0.0


def percentile(buckets: Buckets, share: float) -> float | None:
    """Return the value in seconds below which `share` (0 to 1) of the durations lie, as `percentile_cont` defines it.

    None if there are no durations.
    """
    total = sum(buckets.values())
    if not total:
        return None
    place = share * (total - 1)
    below = int(place)
    low, high = _at(buckets, below), _at(buckets, min(below + 1, total - 1))
    return low + (place - below) * (high - low)


def _at(buckets: Buckets, place: int) -> float:
    """Return the value of the duration at index `place` (from 0) when all are sorted."""
    for bucket in sorted(buckets):
        place -= buckets[bucket]
        if place < 0:
            return value_of(bucket)
    raise AssertionError("a place is below the number of durations")


AT_ONCE = 1000

# The number of the bucket of a duration `seconds`, as SQL.
BUCKET = f"""CASE WHEN seconds > {SMALLEST}
        THEN ceil(ln(seconds / {SMALLEST}) / ln({GROWTH}::float8))::int ELSE 0 END"""

# Common table expressions with one line for each thing to count of the ended executions in `taken`. Approvals of runs
# that a workflow started count for the workflow, too. As SQL, since both COUNT and the figures read it. OFFSET 0 forces
# index look-ups, whatever the planner's statistics say about the tables' sizes.
LINES = f"""
execution AS (
    SELECT found.*, (created_at AT TIME ZONE 'UTC')::date AS day, incident.team_id
    FROM taken CROSS JOIN LATERAL (
        SELECT id, runbook_id AS owner_id, workflow_execution_id AS cause, incident_id, status,
            created_at, started_at, finished_at FROM runbook_executions
        WHERE id = taken.execution_id AND parent_execution_id IS NULL
        UNION ALL
        SELECT id, workflow_id, NULL, incident_id, status,
            created_at, started_at, finished_at FROM workflow_executions WHERE id = taken.execution_id OFFSET 0
    ) AS found
    CROSS JOIN LATERAL (SELECT team_id FROM incidents WHERE id = found.incident_id OFFSET 0) AS incident
), gate AS (
    SELECT owner_id, day, team_id, cause, opened_at, closed_at FROM execution CROSS JOIN LATERAL (
        SELECT opened_at, closed_at FROM approvals
        WHERE execution_id = execution.id AND status = 'approved' OFFSET 0
    ) AS approval
), measured AS (
    SELECT 'duration ' AS what, owner_id, day, team_id, started_at AS since, finished_at AS until FROM execution
    UNION ALL SELECT 'approval ', owner_id, day, team_id, opened_at, closed_at FROM gate
    UNION ALL SELECT 'approval ', workflow.owner_id, workflow.day, team_id, opened_at, closed_at
    FROM gate CROSS JOIN LATERAL (
        SELECT workflow_id AS owner_id, (created_at AT TIME ZONE 'UTC')::date AS day
        FROM workflow_executions WHERE id = gate.cause OFFSET 0
    ) AS workflow
), line (owner_id, day, team_id, key, succeeded_at) AS (
    SELECT owner_id, day, team_id, 'ended ' || status, CASE status WHEN 'succeeded' THEN finished_at END
    FROM execution
    UNION ALL
    SELECT owner_id, day, team_id, what || {BUCKET}, NULL
    FROM (SELECT *, extract(epoch FROM until - since)::float8 AS seconds FROM measured) AS timed
    WHERE seconds IS NOT NULL
), failure AS (
    SELECT owner_id, day, team_id, step_id, coalesce(left(step.error, 500), '') AS error
    FROM execution CROSS JOIN LATERAL (
        SELECT step_id, status, error FROM step_executions WHERE execution_id = execution.id
        UNION ALL SELECT step_id, status, error FROM action_executions WHERE execution_id = execution.id OFFSET 0
    ) AS step
    WHERE execution.status IN ('failed', 'timed_out') AND step.status IN ('failed', 'timed_out', 'unknown')
)
"""  # noqa: S608 a constant of this module

# One line for each step that such an execution made itself, with how long it took.
STEP_LINES = f"""
step_line (owner_id, key) AS (
    SELECT owner_id, 'step ' || type || ' ' || {BUCKET} FROM execution CROSS JOIN LATERAL (
        SELECT type, extract(epoch FROM finished_at - started_at)::float8 AS seconds
        FROM step_executions WHERE execution_id = execution.id AND NOT carried_over
        UNION ALL SELECT type, extract(epoch FROM finished_at - started_at)::float8
        FROM action_executions WHERE execution_id = execution.id OFFSET 0
    ) AS step
    WHERE seconds IS NOT NULL
)
"""  # noqa: S608 a constant of this module

# Moves up to `most` ended executions from the list into the tallies. As SQL: one atomic statement with upserts.
COUNT = text(
    f"""
WITH taken AS (
    DELETE FROM ended_executions
    WHERE number IN (SELECT number FROM ended_executions ORDER BY number LIMIT :most)
    RETURNING execution_id
), {LINES}, {STEP_LINES}, counted AS (
    INSERT INTO tallies AS tally (owner_id, day, team_id, counts, last_success)
    SELECT owner_id, day, team_id, jsonb_object_agg(key, n), max(succeeded_at)
    FROM (SELECT owner_id, day, team_id, key, count(*) AS n, max(succeeded_at) AS succeeded_at
        FROM line GROUP BY owner_id, day, team_id, key) AS each
    GROUP BY owner_id, day, team_id
    ON CONFLICT (owner_id, day, team_id) DO UPDATE
    SET last_success = greatest(tally.last_success, excluded.last_success),
        counts = (SELECT jsonb_object_agg(key, n) FROM (
            SELECT key, sum(value::bigint) AS n FROM (
                SELECT * FROM jsonb_each_text(tally.counts) UNION ALL SELECT * FROM jsonb_each_text(excluded.counts)
            ) AS both_of_them GROUP BY key) AS summed)
), failed AS (
    INSERT INTO failure_tallies AS tally (owner_id, day, team_id, step_id, error, executions)
    SELECT owner_id, day, team_id, step_id, error, count(*)
    FROM failure GROUP BY owner_id, day, team_id, step_id, error
    ON CONFLICT (owner_id, day, team_id, step_id, error) DO UPDATE
    SET executions = tally.executions + excluded.executions
), totalled AS (
    INSERT INTO totals AS total (kind, key, n)
    SELECT CASE WHEN starts_with(owner_id, '{Prefix.WORKFLOW}_') THEN 'workflow' ELSE 'runbook' END, key, count(*)
    FROM (SELECT owner_id, key FROM line UNION ALL SELECT owner_id, key FROM step_line) AS each
    GROUP BY 1, 2
    ON CONFLICT (kind, key) DO UPDATE SET n = total.n + excluded.n
)
SELECT count(*) FROM taken
"""  # noqa: S608 a constant of this module
)


def has_uncounted_ends(_: datetime) -> ColumnElement[bool]:
    """Return the condition that an execution has ended and is not counted yet."""
    return exists().where(EndedExecution.number.is_not(None))


def count_ended(work: UnitOfWork) -> int:
    """Count up to AT_ONCE ended executions, the oldest first. Return how many were counted.

    If several schedulers try at the same time, one counts and the others do nothing.
    """
    if not try_the(work.session, Number.TALLIES):
        return 0
    return work.session.scalar(COUNT, {"most": AT_ONCE}) or 0
