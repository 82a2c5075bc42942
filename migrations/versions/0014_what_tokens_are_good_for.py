"""Tokens get scopes, a team and an expiry, and services get tokens

An older token could do everything its person could, without expiry. It is narrowed to reading and running, which the
audit trail records; `runbook token list` and `runbook doctor` report it. `created_by` is null only for these tokens.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMNS = (
    sa.Column("kind", sa.Text(), server_default="person", nullable=False),
    sa.Column("owner", sa.Text(), nullable=True),
    sa.Column("scopes", postgresql.JSONB(), nullable=True),
    sa.Column("team", sa.Text(), nullable=True),
    sa.Column("created_by", sa.Text(), nullable=True),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
)

NARROW = """UPDATE api_tokens SET scopes = '["read", "run"]'"""

TELL = """
INSERT INTO audit_entries (created_at, actor, source, action, subject_id, details)
SELECT now(), 'system', 'migration', 'token.narrowed', id, jsonb_build_object(
    'before', jsonb_build_object('for', slack_user_id, 'name', name, 'scopes', NULL),
    'after', jsonb_build_object('for', slack_user_id, 'name', name, 'scopes', scopes))
FROM api_tokens WHERE revoked_at IS NULL ORDER BY created_at, id
"""


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("api_tokens", column)
    op.execute(NARROW)
    op.execute(TELL)
    op.alter_column("api_tokens", "scopes", nullable=False)
    op.create_foreign_key(op.f("fk_api_tokens_team"), "api_tokens", "teams", ["team"], ["name"])
    op.create_index("ix_api_tokens_slack_user_id", "api_tokens", ["slack_user_id"])
