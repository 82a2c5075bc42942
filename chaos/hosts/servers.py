"""PostgreSQL and Valkey on hosts of their own, each with an address; the bench looks in through their sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from sqlalchemy.engine import make_url

from chaos.hosts.namespaces import inside
from chaos.hosts.network import NETWORK, Host
from chaos.servers import EmbeddedServer, postgres_in, valkey_in
from cli.embedded.roles import connect

POSTGRES_PORT, REDIS_PORT = 5432, 6379
ADMITTED = f"host all all {NETWORK} scram-sha-256\n"


@contextmanager
def postgres_on(host: Host, home: Path) -> Iterator[EmbeddedServer]:
    """Run a PostgreSQL that listens on the host's address, too, and admits the network."""
    server = postgres_in(home, {"listen_addresses": host.address, "port": str(POSTGRES_PORT)})
    with _running(server, host):
        with (server.folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write(ADMITTED)
        with connect(server.url) as connection:
            connection.execute("SELECT pg_reload_conf()")
        yield server


def postgres_url(server: EmbeddedServer, host: Host) -> str:
    """Return the address for the service's role."""
    url = make_url(server.service_url).set(host=host.address, port=POSTGRES_PORT, query={})
    return url.render_as_string(hide_password=False)


@contextmanager
def valkey_on(host: Host, home: Path) -> Iterator[EmbeddedServer]:
    """Run a Valkey that listens on the host's address, too."""
    server = valkey_in(home)
    with _running(server, host):
        with Redis.from_url(server.url) as redis:
            redis.config_set("bind", host.address)
            redis.config_set("port", REDIS_PORT)
        yield server


def valkey_url(server: EmbeddedServer, host: Host) -> str:
    password = make_url(server.url).password
    return f"redis://:{password}@{host.address}:{REDIS_PORT}/0"


@contextmanager
def _running(server: EmbeddedServer, host: Host) -> Iterator[None]:
    with inside(host.namespace):
        server.start()
    try:
        yield
    finally:
        server.stop()
