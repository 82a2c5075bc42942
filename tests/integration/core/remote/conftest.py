"""Real servers: an sshd for each account that it can let in, a MariaDB, and the embedded PostgreSQL on a port."""

import os
import pwd
from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url

from cli.embedded import Services
from tests.servers.mariadb import Mariadb, running_mariadb
from tests.servers.programs import ordinary_account
from tests.servers.proxy import Proxy, proxy_to, to_port, to_unix
from tests.servers.sshd import Sshd, running_sshd

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
def mariadb_proxy(mariadb: Mariadb) -> Iterator[Proxy]:
    with proxy_to(to_port(mariadb.port)) as proxy:
        yield proxy


@pytest.fixture
def postgres_proxy(services: Services) -> Iterator[Proxy]:
    """The embedded PostgreSQL, which listens on a Unix socket only, on a port."""
    url = make_url(services.owner_url)
    folder = url.query.get("host") or url.host
    with proxy_to(to_unix(f"{folder}/.s.PGSQL.{url.query.get('port') or url.port or 5432}")) as proxy:
        yield proxy


@pytest.fixture
def postgres_url(postgres_proxy: Proxy, owner_url: str) -> str:
    """The URL of this test worker's database on that port, as its owner."""
    url = make_url(owner_url)
    return f"postgresql://{url.username}:{url.password}@127.0.0.1:{postgres_proxy.port}/{url.database}"
