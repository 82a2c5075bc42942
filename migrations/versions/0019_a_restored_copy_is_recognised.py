"""A restored copy of the database is recognised, and steps that may have happened since are in doubt

Existing data does not change: the first process that starts records which database this is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("timeline", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("mark", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    for table in ("step_executions", "action_executions"):
        op.add_column(
            table, sa.Column("maybe_done", sa.Boolean(), server_default=sa.text("false"), nullable=False)
        )
