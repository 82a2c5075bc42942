"""The statements of docs/operating.md for the service's role grant what `runbook migrate` grants, and nothing else."""

import re
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from migrations.grants import grant_service

PAGE = Path(__file__).parents[3] / "docs/operating.md"
RIGHTS = text("""
SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges WHERE grantee = :role
UNION ALL
SELECT table_name, '', privilege_type FROM information_schema.table_privileges WHERE grantee = :role
""")


def rights(connection: Connection, role: str) -> set[tuple[str, str, str]]:
    return {(table, column, right) for table, column, right in connection.execute(RIGHTS, {"role": role})}


def test_what_the_page_grants_is_what_the_migration_grants(owner_engine: Engine) -> None:
    [documented] = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    with owner_engine.connect() as connection, connection.begin() as transaction:
        connection.exec_driver_sql("CREATE ROLE documented; CREATE ROLE granted")
        connection.exec_driver_sql(documented.replace("runbook_app", "documented"))
        grant_service(connection, "granted")
        assert rights(connection, "documented") == rights(connection, "granted") != set()
        transaction.rollback()
