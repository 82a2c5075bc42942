"""Workflows are approved like runbooks

Existing workflows were allowed to run, so their present version becomes the approved one, by `migrated`, in the history
and in the audit trail. A quarantined workflow becomes a draft, like a quarantined runbook.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NOTE = "It ran before workflows were approved. Read it, and approve or deprecate it."
# JSON rather than JSONB: keys stay in the order in which people wrote them.
CONTENT = "(SELECT json_object_agg(key, value) FROM json_each(definition) WHERE key <> 'enabled')"
IN_FORCE = f"""
UPDATE workflows
SET status = 'approved', approved_version = version, approved_by = 'migrated', in_force = {CONTENT}
WHERE quarantine IS NULL
"""  # noqa: S608 of the constant above
UNDER_QUARANTINE = "UPDATE workflows SET trigger_on = NULL WHERE quarantine IS NOT NULL"
HISTORY = """
INSERT INTO workflow_versions (workflow_id, version, change, status, definition, changed_by, note, created_at)
SELECT id, version, 'approved', 'approved', definition, 'migrated', :note, now()
FROM workflows WHERE status = 'approved' AND deleted_at IS NULL ORDER BY name
"""
AUDIT = """
INSERT INTO audit_entries (created_at, actor, source, action, subject_id, team, details)
SELECT now(), 'migrated', 'migration', 'workflow.approved', workflow.id, team.name, jsonb_build_object(
    'version', version, 'note', CAST(:note AS text),
    'before', jsonb_build_object('status', NULL, 'approved_version', NULL),
    'after', jsonb_build_object('status', 'approved', 'approved_version', version))
FROM workflows AS workflow LEFT JOIN teams AS team ON team.id = workflow.team_id
WHERE status = 'approved' AND deleted_at IS NULL ORDER BY workflow.name
"""
RUNBOOKS = """
UPDATE runbooks SET approved_by = (
    SELECT changed_by FROM runbook_versions AS line
    WHERE line.runbook_id = runbooks.id AND line.version = approved_version AND line.change = 'approved'
    ORDER BY line.id DESC LIMIT 1)
WHERE approved_version IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("runbooks", sa.Column("approved_by", sa.Text(), nullable=True))
    op.add_column("workflows", sa.Column("status", sa.Text(), nullable=False, server_default="draft"))
    op.alter_column("workflows", "status", server_default=None)
    op.add_column("workflows", sa.Column("approved_version", sa.Integer(), nullable=True))
    op.add_column("workflows", sa.Column("approved_by", sa.Text(), nullable=True))
    in_force = postgresql.JSON(none_as_null=True, astext_type=sa.Text())
    op.add_column("workflows", sa.Column("in_force", in_force, nullable=True))
    op.alter_column("workflows", "trigger_on", nullable=True)
    for statement in (RUNBOOKS, IN_FORCE, UNDER_QUARANTINE):
        op.execute(statement)
    for statement in (HISTORY, AUDIT):
        op.execute(sa.text(statement).bindparams(note=NOTE))
