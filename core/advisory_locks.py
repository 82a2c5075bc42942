"""Every advisory lock of this database, by name; and the order in which a transaction takes its locks, of all kinds.

Two transactions that take the same locks in two orders wait for each other for ever, until PostgreSQL ends one of them
(https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS). So each takes what it needs from the
top of this list to its bottom:

1. `IDEMPOTENCY`, then `REQUEST`: whose turn it is, of deliveries with one key.
2. The row of the runbook or workflow that is to start, shared.
3. `FREEZE`: shared by whatever may begin a run (a start, and each change of an incident or of an execution, for these
   may start a workflow), alone by who freezes.
4. The incident's row.
5. The execution's row; a runbook's before that of the workflow which waits for it.
6. `RUNBOOK_LOCK`, by the lock's name; then the row of the execution that is next in its queue.
7. Rows of approvals, callbacks and notices.

`SCHEMA` and `POSTER` are the first of their transactions. `TALLIES` and `AUDIT` are only tried, never waited for.

What still waits in a circle (rows that one statement locks in no order) is tried again: `core.unit_of_work.Service.do`.
The numbers stay as they are: processes of two releases must mean the same lock by them.
"""

from enum import IntEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, select
from sqlalchemy.orm import Session

Executes = Connection | Session


class Seed(IntEnum):
    """Locks that have a name: the seed keeps equal names of two families apart."""

    IDEMPOTENCY = 0
    RUNBOOK_LOCK = 1
    REQUEST = 2
    FREEZE = 3


class Number(IntEnum):
    """Locks of which there is one."""

    POSTER = 0x6E6F74
    SCHEMA = 7_261_153
    AUDIT = 7_261_154
    TALLIES = 7_261_155


def wait_for(session: Executes, seed: Seed, name: str) -> None:
    """Hold the lock until the transaction ends; who holds it is waited for."""
    session.execute(select(func.pg_advisory_xact_lock(_key(seed, name))))


def wait_for_the(session: Executes, number: Number) -> None:
    """The same for one that has no name."""
    session.execute(select(func.pg_advisory_xact_lock(literal(number.value))))


def try_the(session: Executes, number: Number) -> bool:
    """Whether it is held now: nobody else had it."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(literal(number.value)))))


def keep_freezes_away(session: Executes) -> None:
    """No freeze begins or ends before this transaction does. Others may hold the same."""
    session.execute(select(func.pg_advisory_xact_lock_shared(_key(Seed.FREEZE, "freeze"))))


def freeze_alone(session: Executes) -> None:
    """Nothing begins a run before this transaction ends."""
    wait_for(session, Seed.FREEZE, "freeze")


def _key(seed: Seed, name: str) -> ColumnElement[Any]:
    return func.hashtextextended(name, seed.value)
