"""Operations: retries, freezes, indexes for analytics"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MEASURED = ["status", "started_at", "finished_at", "incident_id"]
ACTIVE = sa.text("status IN ('pending', 'running', 'waiting')")


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
    _freezes()
    op.create_index("ix_idempotent_answers_created_at", "idempotent_answers", ["created_at"])
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


def _freezes() -> None:
    op.create_table(
        "freezes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("frozen_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_freezes_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freezes")),
        sa.UniqueConstraint("request_key", name=op.f("uq_freezes_request_key")),
    )
    op.create_index(
        "uq_freezes_in_force",
        "freezes",
        ["team_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    for table in ("runbook_executions", "workflow_executions"):
        op.add_column(
            table, sa.Column("frozen", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
        op.create_index(f"ix_{table}_active", table, ["incident_id"], postgresql_where=ACTIVE)
        op.create_index(f"ix_{table}_frozen", table, ["incident_id"], postgresql_where=sa.text("frozen"))
