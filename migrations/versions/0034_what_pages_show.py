"""What pages show: the names of people, and the tallies of one team by day, for which there is an index"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    op.add_column("slack_people", sa.Column("name", sa.Text(), nullable=True))
    op.create_index("ix_tallies_team_id_day", "tallies", ["team_id", "day"])
