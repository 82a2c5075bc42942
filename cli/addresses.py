"""The addresses of PostgreSQL and Redis, as settings give them: a wrong one is a sentence that names the setting."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError

from core.database import PSYCOPG, open_engine
from core.errors import ConfigurationError
from core.settings import NEEDED_FOR
from workers.job_queue import open_redis

POSTGRESQL = ("postgresql", "postgres", PSYCOPG)


def engine_at(setting: str, url: str) -> Engine:
    """An engine that connects when first used. Raises ConfigurationError, without the URL: it holds a password."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in POSTGRESQL:
        raise _wrong(setting, "it does not begin with postgresql://")
    with _named(setting):
        return open_engine(url)


def redis_at(setting: str, url: str) -> Redis:
    """The same for Redis. Raises ConfigurationError."""
    with _named(setting):
        return open_redis(url)


@contextmanager
def _named(setting: str) -> Iterator[None]:
    try:
        yield
    except ArgumentError:
        raise _wrong(setting, "it cannot be read") from None
    except ValueError:  # what it says quotes the address, perhaps a part of the password
        raise _wrong(setting, "scheme, host or port cannot be read") from None


def _wrong(setting: str, what: str) -> ConfigurationError:
    needed = NEEDED_FOR.get(setting, NEEDED_FOR["DATABASE_URL"])
    return ConfigurationError(
        f"{setting} is no address: {what}.",
        hint=f"It looks like {needed}; special characters of a password are percent-encoded.",
    )
