"""PostgreSQL and Valkey for whoever has set no address of their own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.files import Files, private_folder
from cli.embedded.postgres import Postgres
from cli.embedded.roles import as_service, service_password
from cli.embedded.sharing import running
from cli.embedded.valkey import Valkey


@dataclass(frozen=True)
class Services:
    """Addresses of the embedded servers; empty for one that was not asked for. They contain passwords."""

    database_url: str  # for SQLAlchemy: "postgresql+psycopg://…", as the role that the service works as
    owner_url: str  # the same database as the role that owns it, a superuser: for migrations
    redis_url: str  # for redis-py: "unix://…", or "redis://…" where the home's path is too long for a socket


@contextmanager
def embedded_services(home: Path, *, database: bool = True, redis: bool = True) -> Iterator[Services]:
    """Run the servers that are asked for, with their data in `home`, for the length of the block.

    A server that another process runs on the same home is used as it is, for as long as that process keeps
    it. Ours end with us, even when we are killed. Raises EmbeddedServiceError where a server cannot be used.
    Where none is asked for, no home is needed.
    """
    if not (database or redis):
        yield Services("", "", "")
        return
    home = private_folder(home)
    with ExitStack() as stack:
        files = Files(home, "postgres")
        owner_url = stack.enter_context(running(Postgres(), files)) if database else ""
        database_url = as_service(owner_url, service_password(files)) if database else ""
        redis_url = stack.enter_context(running(Valkey(), Files(home, "valkey"))) if redis else ""
        yield Services(database_url, owner_url, redis_url)
