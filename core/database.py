"""The database: its address, the engine, and poolers that would break us.

Addresses with several hosts in one: `scheme://user:password@host:port,host:port/path?query`.

The engine: one pool of PostgreSQL connections a process.

Whether a pooler stands before the database that gives each transaction another session.

Sessions are relied on: their time zone, their limit on idleness, prepared statements, LISTEN. Through such a pooler one
client's settings are another one's, and statements are prepared where nobody runs them.
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
    """`name`: also an IPv6 address, without its brackets, or a socket's folder. `port`: empty where none is said."""

    name: str
    port: str = ""


@dataclass(frozen=True)
class ManyHosts:
    """The parts of such an address. `credentials`: percent-encoded, as they were; empty where there are none."""

    scheme: str
    credentials: str
    hosts: tuple[Host, ...]
    path: str
    query: tuple[tuple[str, str], ...]


def read_hosts(url: str) -> ManyHosts:
    """Raises ValueError for a port that is no number, and a bracket that is not closed."""
    scheme, _, rest = url.partition("://")
    address, _, query = rest.partition("?")
    place, slash, path = address.partition("/")
    credentials, _, hosts = place.rpartition("@")
    found = tuple(map(_host, hosts.split(","))) if hosts else ()
    return ManyHosts(
        scheme, credentials, found, slash + path, tuple(parse_qsl(query, keep_blank_values=True))
    )


def hosts_in_query(address: ManyHosts) -> tuple[Host, ...]:
    """PostgreSQL's `?host=a,b&port=5432,5433`; one port is every host's."""
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
        raise ValueError("a port is no number of a port")
    return Host(unquote(name), port)


def in_the_query(url: str) -> str:
    """PostgreSQL's form with several hosts, as SQLAlchemy takes it: `?host=a,b&port=5432,5433`. Others as they are.

    Unless it says otherwise, the one of the hosts is meant that takes writes: `target_session_attrs=read-write`
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
POOL_SECONDS = 30.0  # at most, that a connection of the pool is waited for
IDLE_SECONDS = 10.0  # of an open transaction; then its process counts as halted, and its locks are free
# A peer that has vanished without a word is noticed within about 20 seconds, not within the system's two hours
# (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES).
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
    """Goes on where PostgreSQL ended the transaction inside for the sake of another one: it may be done again."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) not in VICTIM:
            raise
        log.warning("a transaction gave way to another one", error=str(error.orig))


def is_too_late(error: Exception) -> bool:
    """Whether it waited for a lock, or worked, for longer than its engine's `patience`. Nothing was changed."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in TOO_LATE


def psycopg_url(url: str) -> str:
    """The URL with SQLAlchemy's name for psycopg 3: `postgres://` and `postgresql://` mean the same to us.

    Several hosts in it go into its query. Raises ValueError where they cannot be read.
    """
    url = in_the_query(url)
    scheme, separator, rest = url.partition("://")
    return f"{PSYCOPG}{separator}{rest}" if scheme in ("postgres", "postgresql") else url


def open_engine(url: str, *, pool_size: int = 5, patience: float | None = None) -> Engine:
    """An engine that notices dead connections by their use, and prepares what it says often.

    `patience`: seconds, for those who must answer in time: no connection and no statement is waited for longer.
    """
    engine = create_engine(
        psycopg_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        hide_parameters=True,  # an error goes into the log, and its values may be anybody's
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
    event.listen(engine, "connect", partial(_settle, patience))
    event.listen(engine, "handle_error", _call_lost_what_is_lost)
    return engine


def _settle(patience: float | None, connection: Any, _record: object) -> None:
    """Times come back in UTC, whatever the server's own zone. Nobody keeps a lock by being halted."""
    autocommit, connection.autocommit = connection.autocommit, True
    idle = f"SET idle_in_transaction_session_timeout = {round(IDLE_SECONDS * 1000)}"
    connection.execute(f"SET TIME ZONE 'UTC'; {idle}")
    if patience is not None:
        connection.execute(f"SET statement_timeout = {round(patience * 1000)}")  # waits for locks included
    connection.autocommit = autocommit


def _call_lost_what_is_lost(context: ExceptionContext) -> OperationalError | None:
    """A connection that was ended for its idleness is lost as any other is; psycopg has another name for it."""
    if not isinstance(context.original_exception, IdleInTransactionSessionTimeout):
        return None
    context.is_disconnect, context.invalidate_pool_on_disconnect = True, False
    lost = (context.statement, context.parameters, context.original_exception)
    return OperationalError(*lost, connection_invalidated=True)


ROUNDS = 3  # a pooler that hands its sessions round may give the same one back by chance


def check_sessions(engine: Engine) -> None:
    """Raise ConfigurationError where a connection has no session of its own. It connects twice."""
    if shares_sessions(engine):
        raise ConfigurationError(
            "The database is behind a pooler that gives each transaction another session "
            "(PgBouncer: pool_mode = transaction), and this needs sessions of its own.",
            hint="Set pool_mode = session there, or let DATABASE_URL lead to the database itself.",
        )


def shares_sessions(engine: Engine) -> bool:
    """Whether a connection is given another session, or lends its own, between two of its transactions."""
    with engine.connect() as first, engine.connect() as second:
        return any(_is_shared(first, second, number) for number in range(ROUNDS))


def _is_shared(first: Connection, second: Connection, number: int) -> bool:
    """`first` is between two transactions while `second` is in one: it lends the last session, or the longest idle."""
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
    """The server's process. Under a new name each time, so that nothing is prepared."""
    return int(connection.scalar(text(f"SELECT pg_backend_pid() AS {name}")) or 0)
