"""A channel belongs to one open incident, a lock to one team, and the alerts of a storm form one incident

Existing data stays valid:

- if open incidents share a channel, the newest keeps it for commands, as before; the others still post there;
- locks of runs that have not ended become their team's; runs that waited for another team's run wait no longer;
- the channels named in definitions become channels of their teams (of every team for a global definition), unless an
  incident of another team was in that channel.
"""

import json
import re
from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CHANNEL = re.compile(r"[CG][A-Z0-9]{1,63}")
YIELD_CHANNELS = """
UPDATE incidents AS older SET channel_is_current = false
WHERE status <> 'closed' AND EXISTS (
    SELECT FROM incidents AS newer
    WHERE newer.slack_channel = older.slack_channel AND newer.status <> 'closed' AND newer.number > older.number)
"""
GIVE_LOCKS_TO_TEAMS = """
UPDATE runbook_executions AS run SET lock_name = 'team:' || teams.name || '/' || run.lock_name
FROM incidents JOIN teams ON teams.id = incidents.team_id
WHERE incidents.id = run.incident_id AND run.lock_name IS NOT NULL
    AND (run.holds_lock OR run.status IN ('pending', 'running', 'waiting'))
    AND NOT (run.team_id IS NULL AND run.definition::text ~ '"lock": ?"global/')
"""
GRANT_FREE_LOCKS = """
UPDATE runbook_executions
SET holds_lock = true, status = 'pending', waiting_for = NULL, wake_at = now(), rung_at = NULL, revision = revision + 1
WHERE id IN (
    SELECT DISTINCT ON (lock_name) id FROM runbook_executions AS next
    WHERE waiting_for = 'lock' AND NOT EXISTS (
        SELECT FROM runbook_executions AS holder WHERE holder.lock_name = next.lock_name AND holder.holds_lock)
    ORDER BY lock_name, created_at, id)
"""
DECLARE = sa.text("""
INSERT INTO team_channels (team_id, channel)
SELECT teams.id, :channel FROM teams
WHERE (CAST(:team AS text) IS NULL OR teams.id = :team) AND NOT EXISTS (
    SELECT FROM incidents WHERE slack_channel = :channel AND team_id <> :team)
ON CONFLICT DO NOTHING
""")
DEFINITIONS = """
SELECT team_id, definition::text FROM runbooks WHERE deleted_at IS NULL
UNION ALL SELECT team_id, definition::text FROM workflows WHERE deleted_at IS NULL
"""


def upgrade() -> None:
    _channels()
    _locks()
    _storms()
    op.create_index("ix_workflow_executions_created_at", "workflow_executions", ["created_at"])


def _channels() -> None:
    op.add_column(
        "incidents",
        sa.Column("channel_is_current", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    )
    op.execute(YIELD_CHANNELS)
    op.create_index(
        "uq_incidents_open_in_channel",
        "incidents",
        ["slack_channel"],
        unique=True,
        postgresql_where=sa.text("status <> 'closed' AND channel_is_current"),
    )
    op.create_table(
        "team_channels",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_team_channels_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "channel", name=op.f("pk_team_channels")),
    )
    op.create_index(op.f("ix_team_channels_channel"), "team_channels", ["channel"])
    _declare_what_is_written()


def _declare_what_is_written() -> None:
    connection = op.get_bind()
    for team, definition in connection.execute(sa.text(DEFINITIONS)).all():
        for channel in channels_named(json.loads(definition)):
            connection.execute(DECLARE, {"team": team, "channel": channel})


def channels_named(part: object) -> Iterator[str]:
    """Yield the channels of the messages in a definition, if they are literal."""
    if isinstance(part, Mapping):
        channel = part.get("channel")
        if part.get("type") == "message" and isinstance(channel, str) and CHANNEL.fullmatch(channel):
            yield channel
    inner = part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
    for each in inner:
        yield from channels_named(each)


def _locks() -> None:
    op.execute(GIVE_LOCKS_TO_TEAMS)
    op.execute(GRANT_FREE_LOCKS)


def _storms() -> None:
    op.create_table(
        "grouped_alerts",
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("alert_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_grouped_alerts_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "alert_key", name=op.f("pk_grouped_alerts")),
    )
    op.create_index(
        "ix_grouped_alerts_alert_key",
        "grouped_alerts",
        ["alert_key"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
