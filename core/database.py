"""The engine: one pool of PostgreSQL connections a process."""

import json
from functools import partial
from typing import Any

from sqlalchemy import Engine, create_engine, event

PSYCOPG = "postgresql+psycopg"


def psycopg_url(url: str) -> str:
    """The URL with SQLAlchemy's name for psycopg 3: `postgres://` and `postgresql://` mean the same to us."""
    scheme, separator, rest = url.partition("://")
    return f"{PSYCOPG}{separator}{rest}" if scheme in ("postgres", "postgresql") else url


def open_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine that notices dead connections by their use, and prepares what it says often."""
    engine = create_engine(
        psycopg_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        pool_recycle=1800,
        json_serializer=partial(json.dumps, separators=(",", ":"), ensure_ascii=False),
        connect_args={"connect_timeout": 5, "prepare_threshold": 2, "application_name": "runbook"},
    )
    event.listen(engine, "connect", _in_utc)
    return engine


def _in_utc(connection: Any, _record: object) -> None:
    """Times come back in UTC, whatever the server's own zone."""
    autocommit, connection.autocommit = connection.autocommit, True
    connection.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = autocommit
