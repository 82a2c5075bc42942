"""Health: heartbeats of the processes, and the schema's version.

Every process has a row that it renews every ten seconds and deletes when it shuts down cleanly.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex

import structlog
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from core.decisions.heartbeats import EVERY, FORGOTTEN, Heartbeat, Liveness, presences
from core.decisions.installation import Schema, check_compatible
from core.errors import Unavailable
from core.outage import Outage
from core.tables import Process, SchemaCompatibility
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory

log = structlog.get_logger()


class Life:
    """The heartbeat of one process. `kind`: such as `worker`; `version`: of its release."""

    def __init__(self, kind: str, version: str) -> None:
        self._kind, self._version, self._id = kind, version, token_hex(8)

    def give_sign(self, work: UnitOfWork) -> None:
        """Write or renew the process's row, in one statement."""
        row = {
            "id": self._id,
            "kind": self._kind,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": self._version,
            "started_at": work.now,
            "seen_at": work.now,
        }
        first = insert(Process).values(row)
        work.session.execute(first.on_conflict_do_update(index_elements=["id"], set_={"seen_at": work.now}))

    def end(self, work: UnitOfWork) -> None:
        work.session.execute(delete(Process).where(Process.id == self._id))


@contextmanager
def living(
    unit_of_work: UnitOfWorkFactory, kind: str, version: str, outage: Outage | None = None
) -> Iterator[None]:
    """Renew the process's row from a thread within the block. An unreachable database is tolerated.

    `outage`: is notified of it, for processes that may not use the database for a long time otherwise.
    """
    life, over = Life(kind, version), threading.Event()
    thread = threading.Thread(
        target=_live, args=(unit_of_work, life, over, outage), name="signs-of-life", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with suppress(SQLAlchemyError), unit_of_work.begin() as work:
            life.end(work)


def _live(unit_of_work: UnitOfWorkFactory, life: Life, over: threading.Event, outage: Outage | None) -> None:
    while not over.is_set():
        try:
            with unit_of_work.begin() as work:
                life.give_sign(work)
        except SQLAlchemyError as error:
            log.debug("process heartbeat failed", error=type(error).__name__)
            if outage is not None:
                outage.begin(error)
        else:
            if outage is not None:
                outage.end()
        over.wait(EVERY.total_seconds())


def present_processes(work: UnitOfWork) -> list[Liveness]:
    """Return the presence of each kind of process that the service needs."""
    newest = select(Process.kind, Process.seen_at).where(Process.seen_at > work.now - FORGOTTEN)
    return presences((Heartbeat(kind, seen_at) for kind, seen_at in work.session.execute(newest)), work.now)


def delete_old_heartbeats(work: UnitOfWork) -> None:
    """Delete the rows of processes that disappeared more than a day ago."""
    work.session.execute(delete(Process).where(Process.seen_at <= work.now - FORGOTTEN))


def schema_revision(work: UnitOfWork) -> str | None:
    """Return the revision of the database's migration, or None if it has no tables of ours."""
    if work.session.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision = work.session.scalar(text("SELECT version_num FROM alembic_version"))
    return str(revision) if revision is not None else None


def schema_of(work: UnitOfWork) -> Schema:
    """Return the database's revision and the oldest release that works with it."""
    revision = schema_revision(work)
    if work.session.scalar(text("SELECT to_regclass('schema_compatibility')")) is None:
        return Schema(revision)
    return Schema(revision, work.session.scalar(select(SchemaCompatibility.oldest_code)))


def check_fits(work: UnitOfWork, newest: str) -> Schema:
    """Raise Unavailable if this release cannot use the database. `newest`: the release's newest migration."""
    if work.session.scalar(text("SELECT pg_is_in_recovery()")):
        hint = "DATABASE_URL must lead to the primary; if it lists several hosts, the one that accepts writes is used."
        raise Unavailable("The database is a standby, which accepts no writes.", hint=hint)
    return check_schema(work, newest)


def check_schema(work: UnitOfWork, newest: str) -> Schema:
    """Raise Unavailable if the schema does not fit the release. Unlike `check_fits`, it accepts a standby."""
    schema = schema_of(work)
    check_compatible(schema, newest)
    return schema
