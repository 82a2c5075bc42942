"""All advisory locks of the database, and the order in which a transaction takes locks of any kind.

Two transactions that take the same locks in different orders wait for each other until PostgreSQL ends one of them
(https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS). So each takes the locks it needs in
the order of this list:

1. `IDEMPOTENCY`, then `REQUEST`: serializes deliveries with the same key.
2. `FREEZE`: shared by everything that may start a run (a start, and each change of an incident or of an execution,
   since these may start a workflow), exclusive for a freeze.
3. The row of the runbook or workflow to start, shared.
4. The incident's row.
5. The execution's row; a runbook's before that of the workflow that waits for it.
6. `RUNBOOK_LOCK`, by the lock's name; then the row of the execution that is next in its queue.
7. Rows of approvals, callbacks and notices.

`SCHEMA` and `POSTER` are the first locks of their transactions. `TALLIES` and `AUDIT` are only tried, never waited for.

Any remaining deadlock (rows that one statement locks in no particular order) is retried:
`core.unit_of_work.UnitOfWorkFactory.run`. The numbers never change: processes of two releases must mean the same lock
by them.
"""

from enum import IntEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select
from sqlalchemy.orm import Session

Executes = Connection | Session


class Seed(IntEnum):
    """Families of named locks; the seed keeps equal names of different families apart."""

    IDEMPOTENCY = 0
    RUNBOOK_LOCK = 1
    REQUEST = 2
    FREEZE = 3


class Number(IntEnum):
    """Locks without a name, of which there is one each."""

    POSTER = 0x6E6F74
    SCHEMA = 7_261_153
    AUDIT = 7_261_154
    TALLIES = 7_261_155


def wait_for(session: Executes, seed: Seed, name: str) -> None:
    """Hold the named lock until the transaction ends, waiting for its current holder."""
    session.execute(select(func.pg_advisory_xact_lock(_key(seed, name))))


def wait_for_the(session: Executes, number: Number) -> None:
    """Hold the lock until the transaction ends, waiting for its current holder."""
    session.execute(select(func.pg_advisory_xact_lock(literal(number.value))))


def try_the(session: Executes, number: Number) -> bool:
    """Try to take the lock without waiting; return whether it is held now."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(literal(number.value)))))


def lock_out_freezes(session: Executes) -> None:
    """Keep any freeze from starting or ending before this transaction ends. Shared with other such transactions."""
    session.execute(select(func.pg_advisory_xact_lock_shared(_key(Seed.FREEZE, "freeze"))))


def lock_start(session: Executes, request_key: str | None) -> None:
    """Wait for other deliveries with this key, if there is one, and then call `lock_out_freezes`; in one statement."""
    key = [] if request_key is None else [func.pg_advisory_xact_lock(_key(Seed.REQUEST, request_key))]
    freezes = func.pg_advisory_xact_lock_shared(_key(Seed.FREEZE, "freeze"))
    session.execute(select(*key, freezes))


def freeze_alone(session: Executes) -> None:
    """Keep any run from starting before this transaction ends."""
    wait_for(session, Seed.FREEZE, "freeze")


def _key(seed: Seed, name: str) -> ColumnElement[Any]:
    return func.hashtextextended(name, seed.value)
