"""Clients for the PostgreSQL and Redis addresses in the settings; an invalid address is reported by its setting."""

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
    """Return an engine that connects on first use.

    Raises ConfigurationError if the URL is invalid; the error never quotes the URL, which contains a password.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in POSTGRESQL:
        raise _wrong(setting, "it does not start with postgresql://")
    with _named(setting):
        return open_engine(url)


def redis_at(setting: str, url: str) -> Redis:
    """Return a Redis client that connects on first use. Raises ConfigurationError if the URL is invalid."""
    with _named(setting):
        return open_redis(url)


@contextmanager
def _named(setting: str) -> Iterator[None]:
    try:
        yield
    except ArgumentError:
        raise _wrong(setting, "it cannot be parsed") from None
    except ValueError:  # its message quotes the address, possibly including part of the password
        raise _wrong(setting, "its scheme, host or port cannot be parsed") from None


def _wrong(setting: str, what: str) -> ConfigurationError:
    needed = NEEDED_FOR.get(setting, NEEDED_FOR["DATABASE_URL"])
    return ConfigurationError(
        f"{setting} is not a valid address: {what}.",
        hint=f"It should look like {needed}. Percent-encode special characters in the password.",
    )
