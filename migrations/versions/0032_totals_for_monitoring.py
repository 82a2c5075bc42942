"""Totals of what ended, which monitoring reads instead of adding up all tallies

A scheduler of the release before goes on without them: what it counts during an upgrade is in the tallies alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None
oldest_code = "0015"

FILL = """
INSERT INTO totals (kind, key, n)
SELECT CASE WHEN starts_with(owner_id, 'wfl_') THEN 'workflow' ELSE 'runbook' END, key, sum(value::bigint)
FROM tallies CROSS JOIN LATERAL jsonb_each_text(counts) GROUP BY 1, 2
"""


def upgrade() -> None:
    op.create_table(
        "totals",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_totals")),
    )
    op.execute(FILL)
