"""Connections to Redis, by the URL of a server or of its sentinels.

Supported are redis://…, rediss:// (TLS) and unix://, as in redis-py, and
redis+sentinel://user:password@host:26379,host:26379/SERVICE/0?sentinel_username=…&sentinel_password=…, and
rediss+sentinel:// (TLS to all of them), whose authority and client certificate are files: ssl_ca_certs, ssl_certfile,
ssl_keyfile.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from redis import Redis
from redis.sentinel import MasterNotFoundError, Sentinel

from core.database import ManyHosts, read_hosts

SENTINEL = ("redis+sentinel", "rediss+sentinel", "redis-sentinel", "sentinel")
SENTINEL_PORT = 26379
TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


class Sentinels(Sentinel):
    """Sentinels with a readable error message; redis-py's shows its objects."""

    def discover_master(self, service_name: str) -> Any:
        try:
            return super().discover_master(service_name)  # type: ignore[no-untyped-call]  # redis-py's
        except MasterNotFoundError:
            raise MasterNotFoundError(
                f"no sentinel answers with a server that accepts writes for {service_name!r}"
            ) from None


def connect_redis(url: str, **options: Any) -> Redis:
    """Return a client, which connects when first used. Raises ValueError for a malformed URL."""
    if url.partition("://")[0] in SENTINEL:
        return _by_sentinels(read_hosts(url), options)
    return Redis.from_url(url, **options)


def _by_sentinels(address: ManyHosts, options: dict[str, Any]) -> Redis:
    """Return a client that asks the sentinels for the master each time it connects."""
    service, _, number = address.path.strip("/").partition("/")
    if not service or not address.hosts or (number and not number.isdigit()):
        raise ValueError("a sentinel URL has the form redis+sentinel://host,host/SERVICE/NUMBER")
    given = dict(address.query)
    secure = _security(given) if address.scheme.startswith("rediss") else {}
    user, _, password = address.credentials.rpartition(":")
    account = {"username": given.get("sentinel_username"), "password": given.get("sentinel_password")}
    sentinels: Any = Sentinels(  # type: ignore[no-untyped-call]
        [(host.name, int(host.port or SENTINEL_PORT)) for host in address.hosts],
        sentinel_kwargs={**options, **secure, **account},
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


def _security(given: Mapping[str, str]) -> dict[str, Any]:
    """Return redis-py's options for TLS: the files that the URL names, as in a rediss:// URL."""
    return {"ssl": True, **{name: given[name] for name in TLS_FILES if name in given}}
