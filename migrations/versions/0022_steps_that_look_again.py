"""A step that looks again keeps what it has to know: when it began to look, or what it started elsewhere"""

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
