"""Steps that look again, runs with finally steps

`progress`: what a step has to know to look again. `outcome`: how a run will end once its finally steps are over.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    for table in ("step_executions", "action_executions"):
        op.add_column(table, sa.Column("progress", JSONB(), nullable=True))
    for table in ("runbook_executions", "workflow_executions"):
        op.add_column(table, sa.Column("outcome", sa.Text(), nullable=True))
