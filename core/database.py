"""The engine: one pool of PostgreSQL connections a process."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import structlog
from psycopg.errors import IdleInTransactionSessionTimeout
from sqlalchemy import Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import InterfaceError, OperationalError

from core.hosts import in_the_query

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
