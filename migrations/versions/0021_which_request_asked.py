"""Each execution stores the request that caused it, so that the log lines of all processes can be correlated"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    for table in ("runbook_executions", "workflow_executions"):
        op.add_column(table, sa.Column("request_id", sa.Text(), nullable=True))
