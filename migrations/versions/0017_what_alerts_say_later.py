"""The latest state of an alert, and what was recorded of it before it opened its incident

Existing incidents and grouped alerts keep null: their alert's severity is taken to be that of the incident.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incidents", sa.Column("alert_severity", sa.Text(), nullable=True))
    op.add_column("grouped_alerts", sa.Column("severity", sa.Text(), nullable=True))
    op.create_table(
        "early_alerts",
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.Column("news", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("alert_key", "news", name=op.f("pk_early_alerts")),
    )
    op.create_index("ix_early_alerts_arrived_at", "early_alerts", ["arrived_at"])


def downgrade() -> None:
    op.drop_table("early_alerts")
    op.drop_column("grouped_alerts", "severity")
    op.drop_column("incidents", "alert_severity")
