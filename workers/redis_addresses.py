"""Connections to Redis at the address of a server, or of the sentinels that know where it is at the moment.

redis://…, rediss:// (TLS), unix:// as redis-py has them, and
redis+sentinel://user:password@host:26379,host:26379/SERVICE/0?sentinel_password=… (rediss+sentinel://: TLS to all).
"""

from typing import Any
from urllib.parse import unquote

from redis import Redis
from redis.sentinel import MasterNotFoundError, Sentinel

from core.database import ManyHosts, read_hosts

SENTINEL = ("redis+sentinel", "rediss+sentinel", "redis-sentinel", "sentinel")
SENTINEL_PORT = 26379


class Sentinels(Sentinel):
    """They say in a sentence that they cannot help: redis-py shows its objects."""

    def discover_master(self, service_name: str) -> Any:
        try:
            return super().discover_master(service_name)  # type: ignore[no-untyped-call]  # redis-py's
        except MasterNotFoundError:
            raise MasterNotFoundError(
                f"none of the sentinels answers and knows a server that takes writes for {service_name!r}"
            ) from None


def connect_redis(url: str, **options: Any) -> Redis:
    """It connects when first used. Raises ValueError for an address that cannot be read."""
    if url.partition("://")[0] in SENTINEL:
        return _by_sentinels(read_hosts(url), options)
    return Redis.from_url(url, **options)


def _by_sentinels(address: ManyHosts, options: dict[str, Any]) -> Redis:
    """A client that asks the sentinels for the master each time that it connects."""
    service, _, number = address.path.strip("/").partition("/")
    if not service or not address.hosts or (number and not number.isdigit()):
        raise ValueError("an address of sentinels is redis+sentinel://host,host/SERVICE/NUMBER")
    secure = {"ssl": True} if address.scheme.startswith("rediss") else {}
    user, _, password = address.credentials.rpartition(":")
    sentinels: Any = Sentinels(  # type: ignore[no-untyped-call]
        [(host.name, int(host.port or SENTINEL_PORT)) for host in address.hosts],
        sentinel_kwargs={**options, **secure, "password": dict(address.query).get("sentinel_password")},
    )
    master: Redis = sentinels.master_for(
        service,
        db=int(number or 0),
        username=unquote(user) or None,
        password=unquote(password) or None,
        **secure,
        **options,
    )
    return master
