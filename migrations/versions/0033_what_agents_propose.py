"""What an agent proposed, kept with its run

The column is nullable and has no default, so the table is not rewritten.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    op.add_column("runbook_executions", sa.Column("proposal", postgresql.JSONB(none_as_null=True)))
