"""Workflows that start on a schedule, and incidents of kind maintenance, which they open"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    op.add_column("incidents", sa.Column("kind", sa.Text(), server_default="incident", nullable=False))
    op.create_index(
        "ix_incidents_unresolved_maintenance",
        "incidents",
        ["created_at"],
        postgresql_where=sa.text("kind = 'maintenance' AND status IN ('open', 'acknowledged')"),
    )
    op.add_column("workflows", sa.Column("next_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_workflows_next_at", "workflows", ["next_at"], postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.create_table(
        "scheduled_occurrences",
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("occurs_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflows.id"], name=op.f("fk_scheduled_occurrences_workflow_id")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_scheduled_occurrences_incident_id")
        ),
        sa.PrimaryKeyConstraint("workflow_id", "occurs_at", name=op.f("pk_scheduled_occurrences")),
    )
