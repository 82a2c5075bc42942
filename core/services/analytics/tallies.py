"""What ended runs come to: durations and outcomes, counted as they end.

Durations in buckets that grow by 5 %: how long things take, in a few numbers however many they are.

A bucket's value is at most `ERROR` of a duration in it away from that, and so is a percentile from the exact one. Up
to `SMALLEST` seconds a duration counts as none.

Counting what ended: each end once, by the clock, in one statement (docs/adr/0015).

An end is in the list of what is not counted yet from its own transaction on, and leaves it in the one that counts
it. Who reads both sees each end once, at any moment.
"""

from collections.abc import Mapping

from sqlalchemy import text

from core.advisory_locks import Number, try_the
from core.unit_of_work import UnitOfWork

SMALLEST = 0.001
GROWTH = 1.05
ERROR = (GROWTH - 1) / (GROWTH + 1)  # 2.4 %

Buckets = Mapping[int, int]  # how many durations, by the number of their bucket


def value_of(bucket: int) -> float:
    """Seconds. Bucket n holds what is above SMALLEST * GROWTH ** (n - 1), up to SMALLEST * GROWTH ** n."""
    return SMALLEST * GROWTH**bucket * 2 / (GROWTH + 1) if bucket > 0 else 0.0


def percentile(buckets: Buckets, share: float) -> float | None:
    """The value below which `share` (0 to 1) of the durations lie, as `percentile_cont` defines it.

    None where there is no duration.
    """
    total = sum(buckets.values())
    if not total:
        return None
    place = share * (total - 1)
    below = int(place)
    low, high = _at(buckets, below), _at(buckets, min(below + 1, total - 1))
    return low + (place - below) * (high - low)


def _at(buckets: Buckets, place: int) -> float:
    """The value at a place, counted from 0, in the order of the durations."""
    for bucket in sorted(buckets):
        place -= buckets[bucket]
        if place < 0:
            return value_of(bucket)
    raise AssertionError("a place is below the number of durations")


AT_ONCE = 1000

# What there is to count of some ended executions, `taken`, a line each; gates of runs that a workflow caused are the
# workflow's too. OFFSET 0 keeps each look-up one by the index, whatever is believed of the tables' sizes.
LINES = f"""
execution AS (
    SELECT found.*, (created_at AT TIME ZONE 'UTC')::date AS day, incident.team_id
    FROM taken CROSS JOIN LATERAL (
        SELECT id, runbook_id AS owner_id, workflow_execution_id AS cause, incident_id, status,
            created_at, started_at, finished_at FROM runbook_executions WHERE id = taken.execution_id
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
    SELECT owner_id, day, team_id, what || CASE WHEN seconds > {SMALLEST}
        THEN ceil(ln(seconds / {SMALLEST}) / ln({GROWTH}::float8))::int ELSE 0 END, NULL
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

COUNT = text(
    f"""
WITH taken AS (
    DELETE FROM ended_executions
    WHERE number IN (SELECT number FROM ended_executions ORDER BY number LIMIT :most)
    RETURNING execution_id
), {LINES}, counted AS (
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
)
SELECT count(*) FROM taken
"""  # noqa: S608 a constant of this module
)


def count_ended(work: UnitOfWork) -> int:
    """Count up to AT_ONCE of what ended, those that ended first. Returns how many.

    Any number of clocks may try: one counts, the others do nothing.
    """
    if not try_the(work.session, Number.TALLIES):
        return 0
    return work.session.scalar(COUNT, {"most": AT_ONCE}) or 0
