"""Secret parameters are stored apart from those that people can read"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "secret_parameters",
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSON(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["runbook_executions.id"],
            name=op.f("fk_secret_parameters_execution_id_runbook_executions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_secret_parameters")),
    )


def downgrade() -> None:
    op.drop_table("secret_parameters")
