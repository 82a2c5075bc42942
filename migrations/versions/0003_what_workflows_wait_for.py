"""What workflows wait for, react to and produce"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runbook_executions", sa.Column("awaited_by", sa.Text(), nullable=True))
    op.add_column(
        "incident_events", sa.Column("depth", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column(
        "incidents",
        sa.Column(
            "links",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
    )
    op.create_index(
        "ix_incidents_not_closed",
        "incidents",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.add_column(
        "workflows",
        sa.Column(
            "trigger_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
    )
    op.create_table(
        "incident_ages_reached",
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_ages_reached_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflows.id"], name=op.f("fk_incident_ages_reached_workflow_id")
        ),
        sa.PrimaryKeyConstraint(
            "workflow_id", "incident_id", "minutes", name=op.f("pk_incident_ages_reached")
        ),
    )
