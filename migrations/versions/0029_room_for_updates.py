"""Room on each page for the next version of a row, so that a checkpoint changes no index

https://www.postgresql.org/docs/current/storage-hot.html: pages that are written before keep what they have.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None
oldest_code = "0015"

FILLED = {"runbook_executions": 70, "workflow_executions": 70, "step_executions": 50, "action_executions": 50}


def upgrade() -> None:
    for table, percent in FILLED.items():
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")
