"""Requests for values, made by steps of type `input`; and the values that a run has computed at its start"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    op.add_column(
        "runbook_executions",
        sa.Column("values", postgresql.JSON(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
    op.create_table(
        "input_requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("policy", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("schema", postgresql.JSON(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("values", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["runbook_executions.id"],
            name=op.f("fk_input_requests_execution_id_runbook_executions"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_input_requests")),
        sa.UniqueConstraint("request_key", name=op.f("uq_input_requests_request_key")),
        sa.UniqueConstraint(
            "execution_id",
            "position",
            "attempt",
            name=op.f("uq_input_requests_execution_id_position_attempt"),
        ),
    )
