"""The audit chain, the identity of alerts, and callbacks

The triggers below fire for every role, including the tables' owner. They do not fire under
`session_replication_role = replica`, which only a superuser or a role granted that right may set, nor after `ALTER
TABLE … DISABLE TRIGGER` by the owner. The service's role needs neither; the chain exists to expose those who have them.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

SEAL_ONCE = """
CREATE FUNCTION audit_seal_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.hash IS NULL AND NEW.hash IS NOT NULL AND NEW.position IS NOT NULL AND NEW.number = OLD.number THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only: entry % is sealed once', OLD.number
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

EXPECT_SEAL = """
CREATE FUNCTION audit_expect_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_seals (number) VALUES (NEW.number);
    RETURN NULL;
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER expect_seal AFTER INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION audit_expect_seal()",
    "CREATE TRIGGER sealed_once BEFORE UPDATE ON audit_seals FOR EACH ROW EXECUTE FUNCTION audit_seal_once()",
    "CREATE TRIGGER append_only BEFORE DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
)


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("token_id", sa.Text(), nullable=True))
    op.add_column("audit_entries", sa.Column("team", sa.Text(), nullable=True))
    op.create_index("ix_audit_entries_team_number", "audit_entries", ["team", "number"])
    op.create_index("ix_audit_entries_actor_number", "audit_entries", ["actor", "number"])
    _create_seals()
    op.add_column("incidents", sa.Column("alert_key", sa.Text(), nullable=True))
    op.create_index(
        "uq_incidents_alert_key",
        "incidents",
        ["alert_key"],
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'acknowledged')"),
    )
    _create_callbacks()


def _create_seals() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seals")),
    )
    op.create_index("uq_audit_seals_position", "audit_seals", ["position"], unique=True)
    op.create_index(
        "ix_audit_seals_unsealed", "audit_seals", ["number"], postgresql_where=sa.text("hash IS NULL")
    )
    op.execute("INSERT INTO audit_seals (number) SELECT number FROM audit_entries")
    for statement in (REFUSE, SEAL_ONCE, EXPECT_SEAL, *TRIGGERS):
        op.execute(statement)


def _create_callbacks() -> None:
    op.create_table(
        "callbacks",
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["runbook_executions.id"],
            name=op.f("fk_callbacks_execution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("execution_id", "step_id", name=op.f("pk_callbacks")),
    )


def downgrade() -> None:
    op.drop_table("callbacks")
    op.drop_index("uq_incidents_alert_key", "incidents")
    op.drop_column("incidents", "alert_key")
    op.drop_table("audit_seals")
    for trigger in ("append_only", "never_emptied", "expect_seal"):
        op.execute(f"DROP TRIGGER {trigger} ON audit_entries")
    for function in ("audit_refuse", "audit_seal_once", "audit_expect_seal"):
        op.execute(f"DROP FUNCTION {function}()")
    for index in ("ix_audit_entries_team_number", "ix_audit_entries_actor_number"):
        op.drop_index(index, "audit_entries")
    op.drop_column("audit_entries", "team")
    op.drop_column("audit_entries", "token_id")
