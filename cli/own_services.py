"""The addresses of this deployment's own services, which http steps must not reach under any name."""

from collections.abc import Iterator

from core.database import hosts_in_query, read_hosts
from core.io.egress import OwnService
from core.settings import Settings
from workers.redis_addresses import SENTINEL, SENTINEL_PORT

USUAL_PORTS = {
    "http": 80,
    "https": 443,
    "postgresql": 5432,
    "postgres": 5432,
    "redis": 6379,
    "rediss": 6379,
    **dict.fromkeys(SENTINEL, SENTINEL_PORT),
}
HERE = "127.0.0.1"


def own_services(settings: Settings) -> tuple[OwnService, ...]:
    """Return the database and Redis, which steps may not call, and the web; Unix sockets are left out."""
    servers = [settings.database_url or "", settings.redis_url or ""]
    return (
        *(service for url in servers for service in _at(url, is_callable=False)),
        OwnService(HERE, settings.port, is_callable=True),
        *_at(settings.public_url, is_callable=True),
    )


def _at(url: str, *, is_callable: bool) -> Iterator[OwnService]:
    """Yield a service for each host of the address; there may be several."""
    try:
        address = read_hosts(url)
    except ValueError:
        return
    usual = USUAL_PORTS.get(address.scheme) or USUAL_PORTS.get(address.scheme.partition("+")[0], 0)
    for host in address.hosts or hosts_in_query(address):
        port = int(host.port or usual)
        if host.name and port and not host.name.startswith("/"):
            yield OwnService(host.name, port, is_callable)
