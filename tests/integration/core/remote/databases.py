"""A database that steps of type sql are tested against."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.servers.proxy import Proxy


@dataclass(frozen=True)
class Database:
    """`url`: as the step gets it, through `proxy`. `query`: executes a statement directly, and returns its rows."""

    kind: str
    proxy: Proxy
    url: str
    query: Callable[[str], list[tuple[object, ...]]]

    @property
    def sleeps(self) -> str:
        """A statement that takes half a minute."""
        return "SELECT pg_sleep(30)" if self.kind == "postgresql" else "SELECT sleep(30)"

    def names(self) -> list[object]:
        return [name for (name,) in self.query("SELECT name FROM items ORDER BY id")]

    def is_sleeping(self) -> bool:
        """Whether that statement is being executed here. Other tests use other databases of the same server."""
        if self.kind == "postgresql":
            found = (
                "SELECT 1 FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND state = 'active'"
            )
        else:
            found = (
                "SELECT 1 FROM information_schema.processlist "
                "WHERE state = 'User sleep' AND command IN ('Query', 'Execute')"
            )
        return bool(self.query(found))
