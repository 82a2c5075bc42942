"""Real servers: an sshd for each account that it can let in, a MariaDB, and the embedded PostgreSQL on a port."""

import os
import pwd
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from cli.embedded import Services, create_database
from tests.integration.core.remote.databases import Database
from tests.servers.mariadb import Mariadb, running_mariadb
from tests.servers.programs import ordinary_account
from tests.servers.proxy import Proxy, proxy_to, to_port, to_unix
from tests.servers.sshd import Sshd, running_sshd

TABLE = (
    "DROP TABLE IF EXISTS items",
    "CREATE TABLE items (id int PRIMARY KEY, name varchar(99), price decimal(9, 2), made timestamp NULL, bits {bytes})",
    "INSERT INTO items VALUES (1, 'one', 1.50, '2026-01-02 03:04:05', NULL), (2, NULL, 20.00, NULL, NULL)",
)
ACCOUNTS = ["ordinary", "root"] if os.geteuid() == 0 else ["ordinary"]


@pytest.fixture(scope="session")
def ordinary_sshd() -> Iterator[Sshd]:
    with running_sshd(ordinary_account()) as running:
        yield running


@pytest.fixture(scope="session")
def root_sshd() -> Iterator[Sshd]:
    with running_sshd(pwd.getpwuid(0)) as running:
        yield running


@pytest.fixture(params=ACCOUNTS)
def sshd(request: pytest.FixtureRequest) -> Sshd:
    """For each account."""
    found: Sshd = request.getfixturevalue(f"{request.param}_sshd")
    return found


@pytest.fixture
def sshd_proxy(ordinary_sshd: Sshd) -> Iterator[Proxy]:
    with proxy_to(to_port(ordinary_sshd.port)) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Mariadb]:
    with running_mariadb() as running:
        yield running


@pytest.fixture
def mariadb_database(mariadb: Mariadb) -> Iterator[Database]:
    with proxy_to(to_port(mariadb.port)) as proxy:
        yield Database("mariadb", proxy, mariadb.url(proxy.port), mariadb.all)


@pytest.fixture(scope="session")
def shop_url(services: Services, worker_id: str) -> str:
    """A database of the embedded PostgreSQL that is not the product's."""
    return create_database(services.owner_url, f"shop_{worker_id}").replace("+psycopg", "")


@pytest.fixture
def postgresql_database(shop_url: str) -> Iterator[Database]:
    """The embedded PostgreSQL, which listens on a Unix socket only, on a port."""
    url = make_url(shop_url)

    def query(statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(shop_url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    with proxy_to(to_unix(f"{url.query['host']}/.s.PGSQL.5432")) as proxy:
        given = f"postgresql://{url.username}:{url.password}@127.0.0.1:{proxy.port}/{url.database}"
        yield Database("postgresql", proxy, given, query)


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Each kind of server, with the table `items`."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    for statement in TABLE:
        found.query(statement.format(bytes="bytea" if found.kind == "postgresql" else "blob"))
    yield found
    found.proxy.cut()
    found.query("DROP TABLE items")
