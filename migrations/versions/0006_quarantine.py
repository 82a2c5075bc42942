"""Lost workers are recorded, and definitions that kill workers are quarantined"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker_losses",
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("definition_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "fence", name=op.f("pk_worker_losses")),
    )
    op.create_index("ix_worker_losses_lost_at", "worker_losses", ["lost_at"], unique=False)
    op.add_column("runbooks", sa.Column("quarantine", sa.Text(), nullable=True))
    op.add_column("workflows", sa.Column("quarantine", sa.Text(), nullable=True))
