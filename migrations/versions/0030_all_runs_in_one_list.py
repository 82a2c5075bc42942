"""All runs in one list, newest first: of every status, and of those that have ended by how"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None
oldest_code = "0015"

NOT_A_CHILD = "parent_execution_id IS NULL"
ENDED = "status IN ('succeeded', 'failed', 'cancelled', 'timed_out')"


def upgrade() -> None:
    op.create_index(
        "ix_runbook_executions_created_at",
        "runbook_executions",
        ["created_at", "id"],
        postgresql_where=sa.text(NOT_A_CHILD),
    )
    op.create_index(
        "ix_runbook_executions_ended",
        "runbook_executions",
        ["status", "created_at", "id"],
        postgresql_where=sa.text(f"{NOT_A_CHILD} AND {ENDED}"),
    )
