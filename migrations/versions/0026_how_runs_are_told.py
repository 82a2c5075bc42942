"""Where a team's outcomes are told, and an index of pending notices that serves those first that waited longest"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    op.add_column("teams", sa.Column("outcome", sa.Text(), server_default="broadcast", nullable=False))
    owed = sa.text("wanted > delivered AND abandoned_at IS NULL")
    op.create_index("ix_notices_turn", "notices", ["priority", "due_at", "number"], postgresql_where=owed)
