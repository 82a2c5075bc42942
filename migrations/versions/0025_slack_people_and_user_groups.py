"""What Slack says of people, and the user groups of teams"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    op.create_table(
        "slack_people",
        sa.Column("slack_user_id", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slack_user_id", name=op.f("pk_slack_people")),
    )
    op.add_column("teams", sa.Column("usergroup", sa.Text(), nullable=True))
    op.add_column("teams", sa.Column("usergroup_checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "team_members",
        sa.Column("from_usergroup", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
