"""Operations: retries, freezes, indexes for analytics"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0001"
branch_labels = None
depends_on = None

MEASURED = ["status", "started_at", "finished_at", "incident_id"]


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
    op.drop_index("ix_runbook_executions_runbook_id_created_at", table_name="runbook_executions")
    for kind in ("runbook", "workflow"):
        op.create_index(
            f"ix_{kind}_executions_{kind}_id_created_at",
            f"{kind}_executions",
            [f"{kind}_id", "created_at", "id"],
            postgresql_include=MEASURED,
        )
    op.create_index(
        "ix_approvals_approved",
        "approvals",
        ["execution_id"],
        postgresql_include=["opened_at", "closed_at"],
        postgresql_where=sa.text("status = 'approved'"),
    )
