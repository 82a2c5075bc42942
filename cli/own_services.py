"""Where this installation's own services listen, so that no step calls them by some name."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from core.outside.egress import OwnService
from core.settings import Settings

USUAL_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "redis": 6379, "rediss": 6379}
HERE = "127.0.0.1"


def own_services(settings: Settings) -> tuple[OwnService, ...]:
    """The database and Redis, which no step calls, and the web; what listens at a socket's path is none of them."""
    servers = [settings.database_url or "", settings.redis_url or ""]
    return (
        *(service for url in servers for service in _at(url, is_callable=False)),
        OwnService(HERE, settings.port, is_callable=True),
        *_at(settings.public_url, is_callable=True),
    )


def _at(url: str, *, is_callable: bool) -> Iterator[OwnService]:
    try:
        parts = urlsplit(url)
        port = parts.port or USUAL_PORTS.get(parts.scheme.partition("+")[0], 0)
    except ValueError:  # several hosts in one URL, as PostgreSQL's clients take them
        return
    if parts.hostname and port:
        yield OwnService(parts.hostname, port, is_callable)
