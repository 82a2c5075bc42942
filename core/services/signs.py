"""Signs of life: a row a process, renewed every ten seconds, and taken away when it ends in order."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from core.decisions.signs import EVERY, FORGOTTEN, Presence, Sign, presences
from core.outage import Outage
from core.service import Service, Work
from core.tables import Process

log = structlog.get_logger()


class Life:
    """Of one process: `kind` such as `worker`, `version` of its release."""

    def __init__(self, kind: str, version: str) -> None:
        self._kind, self._version, self._id = kind, version, token_hex(8)

    def give_sign(self, work: Work) -> None:
        """One statement, whether it is the first one or not."""
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

    def end(self, work: Work) -> None:
        work.session.execute(delete(Process).where(Process.id == self._id))


@contextmanager
def living(service: Service, kind: str, version: str, outage: Outage | None = None) -> Iterator[None]:
    """Within the block signs of life are given, from a thread of its own. A database that is away stops nothing.

    `outage`: tells of it, where the process may have nothing to do with the database for long.
    """
    life, over = Life(kind, version), threading.Event()
    thread = threading.Thread(
        target=_live, args=(service, life, over, outage), name="signs-of-life", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with suppress(SQLAlchemyError), service.transaction() as work:
            life.end(work)


def _live(service: Service, life: Life, over: threading.Event, outage: Outage | None) -> None:
    while not over.is_set():
        try:
            with service.transaction() as work:
                life.give_sign(work)
        except SQLAlchemyError as error:
            log.debug("no sign of life could be given", error=type(error).__name__)
            if outage is not None:
                outage.begin(error)
        else:
            if outage is not None:
                outage.end()
        over.wait(EVERY.total_seconds())


def present_processes(work: Work) -> list[Presence]:
    """Of each kind that the service cannot do without."""
    newest = select(Process.kind, Process.seen_at).where(Process.seen_at > work.now - FORGOTTEN)
    return presences((Sign(kind, seen_at) for kind, seen_at in work.session.execute(newest)), work.now)


def forget_old_signs(work: Work) -> None:
    """Delete those of processes that ended without a word, a day ago."""
    work.session.execute(delete(Process).where(Process.seen_at <= work.now - FORGOTTEN))
