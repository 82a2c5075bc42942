"""The library's history: records what was done to a definition, not only its contents"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WRITES = sa.text("change IN ('created', 'changed', 'rolled_back')")


def upgrade() -> None:
    op.add_column(
        "workflow_versions", sa.Column("status", sa.Text(), nullable=False, server_default="enabled")
    )
    op.alter_column("workflow_versions", "status", server_default=None)
    for kind in ("runbook", "workflow"):
        table, owner = f"{kind}_versions", f"{kind}_id"
        op.add_column(table, sa.Column("change", sa.Text(), nullable=False, server_default="changed"))
        op.alter_column(table, "change", server_default=None)
        op.execute(f"UPDATE {table} SET change = 'created' WHERE version = 1")  # noqa: S608 names of our own tables
        op.drop_constraint(f"uq_{table}_{owner}_version", table)
        op.create_index(
            f"uq_{table}_written", table, [owner, "version"], unique=True, postgresql_where=WRITES
        )
        op.create_index(f"ix_{table}_{owner}_id", table, [owner, "id"])
