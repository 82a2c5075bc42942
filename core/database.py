"""The database: its URL, the engine with one connection pool per process, and a check for incompatible poolers.

URLs may have several hosts: `scheme://user:password@host:port,host:port/path?query`. We rely on sessions: their time
zone, idle timeout, prepared statements and LISTEN. Behind a pooler that gives each transaction another session, clients
would share settings, and statements would be prepared where nobody runs them.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import structlog
from psycopg.errors import IdleInTransactionSessionTimeout
from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.exc import InterfaceError, OperationalError

from core.errors import ConfigurationError


@dataclass(frozen=True)
class Host:
    """`name`: a host name, an IPv6 address without brackets, or a socket's folder. `port`: empty if not given."""

    name: str
    port: str = ""


@dataclass(frozen=True)
class ManyHosts:
    """The parts of a URL with any number of hosts. `credentials`: still percent-encoded; empty if there are none."""

    scheme: str
    credentials: str
    hosts: tuple[Host, ...]
    path: str
    query: tuple[tuple[str, str], ...]


def read_hosts(url: str) -> ManyHosts:
    """Parse such a URL. Raises ValueError for an invalid port and for an unclosed bracket."""
    scheme, _, rest = url.partition("://")
    address, _, query = rest.partition("?")
    place, slash, path = address.partition("/")
    credentials, _, hosts = place.rpartition("@")
    found = tuple(map(_host, hosts.split(","))) if hosts else ()
    return ManyHosts(
        scheme, credentials, found, slash + path, tuple(parse_qsl(query, keep_blank_values=True))
    )


def hosts_in_query(address: ManyHosts) -> tuple[Host, ...]:
    """Return the hosts of PostgreSQL's `?host=a,b&port=5432,5433`; a single port applies to every host."""
    query = dict(address.query)
    names, ports = query.get("host", "").split(","), query.get("port", "").split(",")
    if len(ports) != len(names):
        ports = ports[:1] * len(names)
    return tuple(
        Host(name, port if port.isdigit() else "") for name, port in zip(names, ports, strict=True) if name
    )


def _host(text: str) -> Host:
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("a bracket is not closed")
        port = port.removeprefix(":")
    else:
        name, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("the port is not a valid port number")
    return Host(unquote(name), port)


def in_the_query(url: str) -> str:
    """Rewrite a PostgreSQL URL with several hosts as SQLAlchemy needs it: `?host=a,b&port=5432,5433`. Others are
    unchanged.

    Unless the URL says otherwise, the host that accepts writes is chosen: `target_session_attrs=read-write`
    (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS).
    """
    read = read_hosts(url) if "," in url else None
    if read is None:
        return url
    query = dict(read.query)
    if len(read.hosts) > 1:
        query["host"] = ",".join(host.name for host in read.hosts)
        query["port"] = ",".join(host.port or "5432" for host in read.hosts)
    elif "," not in query.get("host", ""):
        return url
    query.setdefault("target_session_attrs", "read-write")
    single = read.hosts if len(read.hosts) == 1 else ()
    at = f"{read.credentials}@" if read.credentials else ""
    place = "".join(f"{quote(host.name)}{':' if host.port else ''}{host.port}" for host in single)
    return f"{read.scheme}://{at}{place}{read.path}?{urlencode(query, quote_via=quote)}"


log = structlog.get_logger()

PSYCOPG = "postgresql+psycopg"
DATABASE_IS_AWAY = (OperationalError, InterfaceError)
POOL_SECONDS = 30.0  # the longest wait for a connection of the pool
IDLE_SECONDS = (
    10.0  # of an open transaction; after that its process counts as halted, and its locks are released
)
# A peer that vanished without closing the connection is noticed within about 20 seconds, not after the system's
# default of two hours (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES).
LIVENESS: Mapping[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


TOO_LATE = frozenset({"55P03", "57014"})  # lock_not_available, query_canceled: nothing was changed
VICTIM = frozenset({"40P01", "40001"})  # deadlock_detected, serialization_failure


@contextmanager
def suppress_victims() -> Iterator[None]:
    """Suppress the error if PostgreSQL aborted the transaction inside in favour of another one; it may be retried."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) not in VICTIM:
            raise
        log.warning("a transaction was aborted in favour of another one", error=str(error.orig))


def is_too_late(error: Exception) -> bool:
    """Return whether a statement took longer than its engine's `patience`, working or waiting for a lock. Nothing was
    changed.
    """
    return getattr(getattr(error, "orig", None), "sqlstate", None) in TOO_LATE


def psycopg_url(url: str) -> str:
    """Return the URL with SQLAlchemy's name for psycopg 3; `postgres://` and `postgresql://` are equivalent here.

    Several hosts are moved into its query. Raises ValueError if they cannot be parsed.
    """
    url = in_the_query(url)
    scheme, separator, rest = url.partition("://")
    return f"{PSYCOPG}{separator}{rest}" if scheme in ("postgres", "postgresql") else url


def open_engine(url: str, *, pool_size: int = 5, patience: float | None = None) -> Engine:
    """Create an engine that detects dead connections when they are used, and prepares frequent statements.

    `patience`: seconds; the longest wait for a connection or a statement, for processes that must answer in time.
    """
    engine = create_engine(
        psycopg_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        hide_parameters=True,  # errors are logged, and their parameters may be confidential
        pool_recycle=1800,
        pool_timeout=patience or POOL_SECONDS,
        json_serializer=partial(json.dumps, separators=(",", ":"), ensure_ascii=False),
        connect_args={
            "connect_timeout": 5,
            "prepare_threshold": 2,
            "application_name": "runbook",
            **LIVENESS,
        },
    )
    event.listen(engine, "connect", partial(_prepare_session, patience))
    event.listen(engine, "handle_error", _treat_idle_timeout_as_disconnect)
    return engine


def _prepare_session(patience: float | None, connection: Any, _record: object) -> None:
    """Set the session to UTC, whatever the server's time zone, and limit idle transactions, which would keep their
    locks.
    """
    autocommit, connection.autocommit = connection.autocommit, True
    idle = f"SET idle_in_transaction_session_timeout = {round(IDLE_SECONDS * 1000)}"
    connection.execute(f"SET TIME ZONE 'UTC'; {idle}")
    if patience is not None:
        connection.execute(f"SET statement_timeout = {round(patience * 1000)}")  # includes waiting for locks
    connection.autocommit = autocommit


def _treat_idle_timeout_as_disconnect(context: ExceptionContext) -> OperationalError | None:
    """Treat a connection ended for idleness as lost, as SQLAlchemy does for others; psycopg uses a different error."""
    if not isinstance(context.original_exception, IdleInTransactionSessionTimeout):
        return None
    context.is_disconnect, context.invalidate_pool_on_disconnect = True, False
    lost = (context.statement, context.parameters, context.original_exception)
    return OperationalError(*lost, connection_invalidated=True)


ROUNDS = 3  # a pooler that rotates sessions may return the same one by chance


def check_sessions(engine: Engine) -> None:
    """Raise ConfigurationError if connections do not have their own sessions. Makes two connections."""
    if shares_sessions(engine):
        raise ConfigurationError(
            "The database is behind a pooler that gives each transaction another session "
            "(PgBouncer: pool_mode = transaction), but this service needs its own sessions.",
            hint="Set pool_mode = session there, or point DATABASE_URL directly to the database.",
        )


def shares_sessions(engine: Engine) -> bool:
    """Return whether connections change or share sessions between their transactions."""
    with engine.connect() as first, engine.connect() as second:
        return any(_is_shared(first, second, number) for number in range(ROUNDS))


def _is_shared(first: Connection, second: Connection, number: int) -> bool:
    """Check once: `first` is between two transactions while `second` is in one, so a pooler would lend or switch
    sessions.
    """
    own = _session(first, f"own_{number}")
    first.commit()
    again = _session(first, f"again_{number}")
    first.commit()
    lent = _session(second, f"lent_{number}")
    now = _session(first, f"now_{number}")
    first.commit()
    second.commit()
    return lent == again or len({own, again, now}) > 1


def _session(connection: Connection, name: str) -> int:
    """Return the server process's id. A new column name each time keeps the statement from being prepared."""
    return int(connection.scalar(text(f"SELECT pg_backend_pid() AS {name}")) or 0)
