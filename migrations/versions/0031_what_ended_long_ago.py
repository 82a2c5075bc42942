"""What ended long ago is found without reading the rest, so that it can be deleted"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None
oldest_code = "0015"

ENDED = "finished_at IS NOT NULL"


def upgrade() -> None:
    for table, condition in (
        ("runbook_executions", f"parent_execution_id IS NULL AND {ENDED}"),
        ("workflow_executions", ENDED),
    ):
        op.create_index(
            f"ix_{table}_finished_at", table, ["finished_at", "id"], postgresql_where=sa.text(condition)
        )
