"""An index of pending notices in the order in which they are posted"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HEADLINES_FIRST = "UPDATE notices SET priority = 1 WHERE kind = 'headline' AND message_ts IS NULL"


def upgrade() -> None:
    op.execute(HEADLINES_FIRST)
    owed = sa.text("wanted > delivered AND abandoned_at IS NULL")
    op.create_index("ix_notices_next", "notices", ["priority", "number"], postgresql_where=owed)
