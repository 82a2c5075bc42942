"""Tallies of ended executions, and indexes for reads

Executions that have already ended are queued to be counted; the scheduler counts some thousands per second.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOTE_END = """
CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ended_executions (execution_id) VALUES (NEW.id);
    RETURN NULL;
END $$
"""

# Creating the trigger waits for writers of the table, so no execution ends between it and the list of ended ones.
TRIGGERS = """
CREATE TRIGGER ended AFTER UPDATE ON {table} FOR EACH ROW
    WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION note_end();
CREATE TRIGGER begun_ended AFTER INSERT ON {table} FOR EACH ROW
    WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION note_end()
"""
ENDED_BEFORE = """
INSERT INTO ended_executions (execution_id)
SELECT id FROM {table} WHERE finished_at IS NOT NULL ORDER BY created_at
"""


def upgrade() -> None:
    _create_tables()
    _index_lists()
    op.execute(NOTE_END)
    for table in ("runbook_executions", "workflow_executions"):
        op.execute(TRIGGERS.format(table=table))
        op.execute(ENDED_BEFORE.format(table=table))


def _index_lists() -> None:
    """Create indexes for lists by every filter, and drop those that only the former analytics needed."""
    for kind in ("runbook", "workflow"):
        table, name = f"{kind}_executions", f"ix_{kind}_executions_{kind}_id"
        op.drop_index(f"{name}_created_at", table_name=table)
        op.create_index(f"{name}_created_at", table, [f"{kind}_id", "created_at", "id"])
        op.create_index(f"{name}_status", table, [f"{kind}_id", "status", "created_at", "id"])
    op.drop_index("ix_approvals_approved", table_name="approvals")
    op.drop_index("ix_incidents_team_id", table_name="incidents")
    op.create_index("ix_incidents_created_at", "incidents", ["created_at", "id"])
    op.create_index("ix_incidents_team_id_created_at", "incidents", ["team_id", "created_at", "id"])
    trail, moment = "audit_entries", ["created_at", "number"]
    op.create_index("ix_audit_entries_created_at", trail, moment)
    for column in ("team", "actor"):
        op.drop_index(f"ix_audit_entries_{column}_number", table_name=trail)
    for column in ("team", "actor", "action"):
        op.create_index(f"ix_audit_entries_{column}_created_at", trail, [column, *moment])


def _create_tables() -> None:
    op.create_table(
        "ended_executions",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ended_executions")),
    )
    op.create_table(
        "tallies",
        *_key(),
        sa.Column("counts", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("last_success", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("owner_id", "day", "team_id", name=op.f("pk_tallies")),
    )
    op.create_table(
        "failure_tallies",
        *_key(),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("executions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "owner_id", "day", "team_id", "step_id", "error", name=op.f("pk_failure_tallies")
        ),
    )


def _key() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
    )
