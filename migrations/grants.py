"""The rights of the service's own role if another role owns the tables: exactly what the service needs."""

from sqlalchemy import Connection, text

# Append-only: entries are inserted and their seals filled in once; nothing is changed, deleted or truncated.
LIMITED = {
    "audit_entries": "SELECT, INSERT",
    "audit_seals": "SELECT, INSERT, UPDATE (position, hash)",
    "alembic_version": "SELECT",
    "schema_compatibility": "SELECT",
}
USUAL = "SELECT, INSERT, UPDATE, DELETE"
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
SCHEMA = text("SELECT current_schema()")


def grant_service(connection: Connection, role: str) -> None:
    """Grant `role` its rights on the existing tables. Must be run as their owner; idempotent."""
    quote = connection.dialect.identifier_preparer.quote
    to, schema = quote(role), quote(str(connection.scalar(SCHEMA)))
    connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {to}"))
    for table in connection.scalars(TABLES).all():
        connection.execute(text(f"REVOKE ALL ON {quote(table)} FROM {to}"))
        connection.execute(text(f"GRANT {LIMITED.get(table, USUAL)} ON {quote(table)} TO {to}"))
    connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {to}"))
