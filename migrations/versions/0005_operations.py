"""Operations: retries"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runbook_executions", sa.Column("retry_of", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_runbook_executions_retry_of"),
        "runbook_executions",
        "runbook_executions",
        ["retry_of"],
        ["id"],
    )
    op.create_index("uq_runbook_executions_retry_of", "runbook_executions", ["retry_of"], unique=True)
    op.add_column(
        "step_executions",
        sa.Column("carried_over", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
