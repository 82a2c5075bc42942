"""Run the embedded PostgreSQL and Valkey for the length of a block."""

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
    """The addresses of the embedded servers; empty for one that was not requested. They contain passwords."""

    database_url: str  # for SQLAlchemy: "postgresql+psycopg://…", as the service's role
    owner_url: str  # the same database as its owner, a superuser: for migrations
    redis_url: str  # for redis-py: "unix://…", or "redis://…" where the home's path is too long for a socket


@contextmanager
def embedded_services(home: Path, *, database: bool = True, redis: bool = True) -> Iterator[Services]:
    """Run the requested servers, with their data in `home`, for the length of the block.

    A server that another process already runs on the same home is reused for as long as that process keeps it.
    Servers started here end with this process, even if it is killed. Without a request, `home` is not touched.
    Raises EmbeddedServiceError if a server cannot be used.
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
