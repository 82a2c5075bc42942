"""Read facts from the database with plain SQL."""

from dataclasses import replace
from typing import Any, TypeVar

import psycopg
from psycopg.rows import class_row

from chaos.checker.facts import (
    Audit,
    Decision,
    Execution,
    Facts,
    Freeze,
    Gate,
    Incident,
    Input,
    Step,
    WorkflowExecution,
)

EXECUTIONS = """
SELECT execution.id, execution.status, waiting_for, wake_at, worker, parameters->>'tag' AS tag,
       runbook_name AS runbook, runbook_version AS version, execution.definition AS frozen,
       published.definition AS published, lock_name, holds_lock, requested_by, workflow_execution_id,
       execution.created_at, started_at, finished_at, awaited_by,
       retry_of, parameters, execution.frozen AS is_frozen, parent_execution_id AS parent, parent_step,
       coalesce(child_round, 1) AS child_round, coalesce(child_index, 0) AS child_index, child_name,
       child_scope IS NOT NULL AS is_inline, outcome, error, proposal->>'gate' AS gate
FROM runbook_executions AS execution
LEFT JOIN runbook_versions AS published
       ON published.runbook_id = execution.runbook_id AND published.version = execution.runbook_version
       AND published.change IN ('created', 'changed', 'rolled_back')
"""
WORKFLOWS = """
SELECT id, incident_id, status, wake_at, definition AS frozen, frozen AS is_frozen FROM workflow_executions
"""
INCIDENTS = "SELECT id, title, service, created_at, status FROM incidents"
STEPS = """
SELECT execution_id, position, step_id AS id, type, status, attempt, started_at, finished_at, output, carried_over
FROM step_executions
"""
ACTIONS = """
SELECT execution_id, position, step_id AS id, type, status, attempt, started_at, finished_at, output
FROM action_executions
"""
GATES = """
SELECT id, execution_id, position, status, (policy->>'count')::int AS count, policy->>'requester' AS requester,
       expires_at, closed_at,
       ARRAY(SELECT initiator->>'who' FROM jsonb_array_elements(policy->'initiators') AS initiator) AS initiators
FROM approvals
"""
DECISIONS = (
    'SELECT approval_id AS gate_id, slack_user_id AS "user", approved, created_at FROM approval_decisions'
)
INPUTS = "SELECT id, execution_id, position, status, answered_by, values FROM input_requests"
AUDIT = "SELECT number, action, subject_id AS subject, actor, created_at, details FROM audit_entries"
FREEZES = "SELECT id, created_at, lifted_at FROM freezes"

Row = TypeVar("Row")


def read_database(conninfo: str, others: Facts) -> Facts:
    """Return `others` with the facts of the database added."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        return replace(
            others,
            executions=_rows(connection, Execution, EXECUTIONS),
            workflows=_rows(connection, WorkflowExecution, WORKFLOWS),
            incidents=_rows(connection, Incident, INCIDENTS),
            steps=_rows(connection, Step, STEPS),
            actions=_rows(connection, Step, ACTIONS),
            gates=_rows(connection, Gate, GATES),
            decisions=_rows(connection, Decision, DECISIONS),
            inputs=_rows(connection, Input, INPUTS),
            audit=_rows(connection, Audit, AUDIT),
            freezes=_rows(connection, Freeze, FREEZES),
        )


def _rows(connection: "psycopg.Connection[Any]", row: type[Row], query: str) -> list[Row]:
    with connection.cursor(row_factory=class_row(row)) as cursor:
        return cursor.execute(query.encode()).fetchall()
