"""The initiators of a run; what a gate shows, and its digest"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MOST_DEPTH = 6  # the longest chain of workflows that ever caused an event

# Events caused by people, by type.
BY_PEOPLE = """
UPDATE incident_events SET initiators = jsonb_build_array(jsonb_build_object('who', actor, 'as', CASE
    WHEN type = 'incident.created' THEN 'opened'
    WHEN type = 'incident.escalated' THEN 'escalated'
    WHEN type = 'incident.deescalated' THEN 'lowered'
    WHEN type = 'incident.labelled' THEN 'labelled'
    WHEN type = 'incident.linked' THEN 'linked'
    WHEN type = 'incident.status_changed' THEN details->>'to'
    WHEN type = 'manual' THEN 'started'
    ELSE 'asked' END))
WHERE actor NOT LIKE 'workflow:%' AND actor <> 'system' AND type <> 'incident.note'
"""
BY_AGE = """
UPDATE incident_events AS event
SET initiators = jsonb_build_array(jsonb_build_object('who', incident.opened_by, 'as', 'opened'))
FROM incidents AS incident WHERE incident.id = event.incident_id AND event.type = 'incident.age'
"""
# Which execution of a workflow changed the incident was not recorded: it was one of those before the change.
BY_WORKFLOWS = """
UPDATE incident_events AS event SET initiators = known.initiators
FROM (
    SELECT changed.id, jsonb_agg(DISTINCT initiator) AS initiators
    FROM incident_events AS changed
    JOIN workflow_executions AS execution ON execution.incident_id = changed.incident_id
        AND changed.actor = 'workflow:' || execution.workflow_name AND execution.created_at <= changed.created_at
    JOIN incident_events AS cause ON cause.id = execution.event_id AND cause.depth < changed.depth
    CROSS JOIN LATERAL jsonb_array_elements(cause.initiators) AS initiator
    WHERE changed.depth = :depth
    GROUP BY changed.id
) AS known
WHERE event.id = known.id
"""
RUNS_OF_PEOPLE = """
UPDATE runbook_executions SET initiators = jsonb_build_array(jsonb_build_object(
    'who', requested_by, 'as', CASE WHEN retry_of IS NULL THEN 'asked' ELSE 'retried' END))
WHERE requested_by NOT LIKE 'workflow:%' AND requested_by <> 'system'
"""
RUNS_OF_WORKFLOWS = """
UPDATE runbook_executions AS run SET initiators = event.initiators
FROM workflow_executions AS execution JOIN incident_events AS event ON event.id = execution.event_id
WHERE execution.id = run.workflow_execution_id
"""
RETRIES = """
WITH RECURSIVE chain AS (
    SELECT id, retry_of AS earlier FROM runbook_executions WHERE retry_of IS NOT NULL
    UNION ALL
    SELECT chain.id, before.retry_of FROM chain JOIN runbook_executions AS before ON before.id = chain.earlier
    WHERE before.retry_of IS NOT NULL
), known AS (
    SELECT chain.id, jsonb_agg(DISTINCT initiator) AS initiators
    FROM chain JOIN runbook_executions AS before ON before.id = chain.earlier
    CROSS JOIN LATERAL jsonb_array_elements(before.initiators) AS initiator
    GROUP BY chain.id
)
UPDATE runbook_executions AS run SET initiators = known.initiators || run.initiators
FROM known WHERE known.id = run.id
"""
OPEN_GATES = """
UPDATE approvals AS gate
SET policy = gate.policy || jsonb_build_object('initiators', run.initiators)
FROM runbook_executions AS run WHERE run.id = gate.execution_id AND gate.status = 'open'
"""
SHOWN_ANEW = """
UPDATE notices SET wanted = wanted + 1
WHERE kind = 'gate' AND subject_id IN (SELECT id FROM approvals WHERE status = 'open')
   OR kind = 'verdict' AND subject_id IN (SELECT id FROM runbook_executions WHERE waiting_for = 'verdict')
"""


def upgrade() -> None:
    nobody = sa.text("'[]'")
    for table in ("incident_events", "runbook_executions"):
        op.add_column(table, sa.Column("initiators", JSONB(), server_default=nobody, nullable=False))
    op.add_column("approvals", sa.Column("shown", JSONB(none_as_null=True), nullable=True))
    op.add_column("approvals", sa.Column("digest", sa.Text(), nullable=True))
    op.add_column("approvals", sa.Column("asked_again", sa.Text(), nullable=True))
    op.execute(BY_PEOPLE)
    op.execute(BY_AGE)
    for depth in range(1, MOST_DEPTH + 1):
        op.execute(sa.text(BY_WORKFLOWS).bindparams(depth=depth))
    for statement in (RUNS_OF_PEOPLE, RUNS_OF_WORKFLOWS, RETRIES, OPEN_GATES, SHOWN_ANEW):
        op.execute(statement)
