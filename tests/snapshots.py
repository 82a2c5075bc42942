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

Write = Callable[[UnitOfWorkFactory], object]


@dataclass
class Snapshots:
    """Of one database. Its owner copies, for whom the triggers of the audit trail rest."""

    owner: Engine
    _taken: dict[tuple[Write, datetime], str] = field(default_factory=dict)

    def begin_with(self, unit_of_work: UnitOfWorkFactory, write: Write) -> None:
        """The empty database has what `write`, a function of a module, writes: the same identifiers each time.

        Times too are those of the first writing, which was in the same hour.
        """
        key = (write, unit_of_work.clock.now().replace(minute=0, second=0, microsecond=0))
        if key in self._taken:
            with self.owner.begin() as connection:
                connection.exec_driver_sql(self._taken[key])
        else:
            write(unit_of_work)
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
