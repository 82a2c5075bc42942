"""Approval gates: reminders, escalation, copies in other channels, and what changed since the last approval"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    for name in ("notify", "escalation", "since"):
        kept_as = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
        op.add_column("approvals", sa.Column(name, kept_as, nullable=True))
    op.add_column("approvals", sa.Column("prompt_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_approvals_prompt_at",
        "approvals",
        ["prompt_at"],
        postgresql_where=sa.text("prompt_at IS NOT NULL AND status = 'open'"),
    )
