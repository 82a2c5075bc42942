"""An index to read the tallies of one team by day"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    op.create_index("ix_tallies_team_id_day", "tallies", ["team_id", "day"])
