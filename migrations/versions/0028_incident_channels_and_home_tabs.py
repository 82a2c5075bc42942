"""Teams whose incidents get private channels; the Home tabs that people have opened; a person's own runs"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    op.add_column(
        "teams", sa.Column("private_channels", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "home_tabs",
        sa.Column("slack_user_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("published", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("slack_user_id", name=op.f("pk_home_tabs")),
    )
    op.create_index(
        "ix_home_tabs_due", "home_tabs", ["due_at"], postgresql_where=sa.text("wanted > published")
    )
    op.create_index(
        "ix_runbook_executions_requested_by",
        "runbook_executions",
        ["requested_by", "created_at", "id"],
        postgresql_where=sa.text("parent_execution_id IS NULL"),
    )
