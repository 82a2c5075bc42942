"""What refers to executions is deleted with them: by the database, or by core.services.retention.pruning."""

from core.tables import Base

DELETED = {
    "approvals.execution_id",
    "approval_decisions.approval_id",
    "input_requests.execution_id",
    # Among runs themselves: they go in one statement, or keep each other (core.services.retention.rules).
    "runbook_executions.retry_of",
    "runbook_executions.parent_execution_id",
    "runbook_executions.workflow_execution_id",
}
GONE = {"runbook_executions", "workflow_executions", "approvals", "input_requests"}


def test_no_table_refers_to_executions_that_their_deletion_does_not_know() -> None:
    referring = {
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in GONE and key.ondelete != "CASCADE"
    }
    assert referring == DELETED
