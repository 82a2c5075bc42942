"""Steps that look again, runs with finally steps, child runs

`progress`: what a step has to know to look again. `outcome`: how a run will end once its finally steps are over. The
other columns place a child run below its parent.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None
oldest_code = "0015"


def upgrade() -> None:
    for table in ("step_executions", "action_executions"):
        op.add_column(table, sa.Column("progress", JSONB(), nullable=True))
    for table in ("runbook_executions", "workflow_executions"):
        op.add_column(table, sa.Column("outcome", sa.Text(), nullable=True))
    _add_children()


def _add_children() -> None:
    table = "runbook_executions"
    op.add_column(table, sa.Column("pinned", JSONB(), nullable=True))
    parent = sa.ForeignKey(
        "runbook_executions.id", name="fk_runbook_executions_parent_execution_id_runbook_executions"
    )
    op.add_column(table, sa.Column("parent_execution_id", sa.Text(), parent, nullable=True))
    for name in ("root_execution_id", "parent_step", "child_name"):
        op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
    for name in ("child_round", "child_index"):
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=True))
    op.add_column(table, sa.Column("child_depth", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column(table, sa.Column("child_scope", JSONB(), nullable=True))
    op.create_index(
        "ix_runbook_executions_root_execution_id",
        table,
        ["root_execution_id"],
        postgresql_where=sa.text("root_execution_id IS NOT NULL"),
    )
    op.create_index(
        "uq_runbook_executions_children",
        table,
        ["parent_execution_id", "parent_step", "child_round", "child_index"],
        unique=True,
        postgresql_where=sa.text("parent_execution_id IS NOT NULL"),
    )
