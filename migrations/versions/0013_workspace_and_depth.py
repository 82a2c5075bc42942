"""The Slack workspace and app of the installation, and the depth of a run"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "slack_workspace",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=True),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_slack_workspace_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_workspace")),
    )
    op.add_column(
        "runbook_executions", sa.Column("depth", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
