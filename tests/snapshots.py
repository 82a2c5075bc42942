"""What many tests begin with is written once by each worker; after that its database copies it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from core.tables import Base, SchemaCompatibility
from core.unit_of_work import UnitOfWorkFactory

TABLES = [each.name for each in Base.metadata.sorted_tables if each.name != SchemaCompatibility.__tablename__]
SEQUENCES = (
    "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
)

WRITTEN = "SELECT EXISTS (SELECT 1 FROM audit_entries)"  # whatever is written is audited

Write = Callable[[UnitOfWorkFactory], object]


@dataclass
class Snapshots:
    """Of one database. Its owner copies, for whom the triggers of the audit trail rest."""

    owner: Engine
    _taken: dict[tuple[Write, datetime], str] = field(default_factory=dict)

    def begin_with(self, unit_of_work: UnitOfWorkFactory, write: Write) -> None:
        """Give the database what `write`, a function of a module, writes: the same identifiers each time.

        Times, too, are those of the first writing, which was in the same hour. If another fixture has written to the
        database already, `write` is called as it is.
        """
        key = (write, unit_of_work.clock.now().replace(minute=0, second=0, microsecond=0))
        with self.owner.begin() as connection:
            is_empty = not connection.exec_driver_sql(WRITTEN).scalar()
            if is_empty and key in self._taken:
                connection.exec_driver_sql(self._taken[key])
                return
        write(unit_of_work)
        if is_empty:
            with self.owner.begin() as connection:
                self._taken[key] = _take(connection, f"snapshot_{len(self._taken)}")


def _take(connection: Connection, schema: str) -> str:
    """The statements that copy all rows of now into the empty tables."""
    connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    copying = ["SET LOCAL session_replication_role = replica"]
    for table in TABLES:
        made = connection.exec_driver_sql(f"CREATE UNLOGGED TABLE {schema}.{table} AS TABLE public.{table}")
        if made.rowcount:
            copying.append(f"INSERT INTO public.{table} OVERRIDING SYSTEM VALUE TABLE {schema}.{table}")
        else:
            connection.exec_driver_sql(f"DROP TABLE {schema}.{table}")
    for sequence, value in connection.exec_driver_sql(SEQUENCES):
        copying.append(f"SELECT setval('{sequence}', {value})")
    return ";\n".join(copying)
