"""What every service function needs, composed once by `cli`: the database, the time, the doorbell, the rules.

A service function takes a `Work`: one transaction. What it obliges us to do outside (rings at the
doorbell) is collected in it, and done after the commit.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.clock import Clock
from core.database import suppress_victims
from core.fault_injection import fail_point
from core.limits import STANDARD, Limits

T = TypeVar("T")

TRIES_AGAIN = 3


class JobRequest(NamedTuple):
    """An execution wants a worker. `kind`: `runbook` or `workflow`. `first`: before all who wait."""

    kind: str
    execution_id: str
    first: bool = False


class JobQueue(Protocol):
    """Tells the workers which executions want one. A lost ring is no loss: the clock rings again."""

    def enqueue(self, jobs: Sequence[JobRequest]) -> None:
        """All at once, and where that fails, none. Never raises; a broken bell is logged."""

    def queued(self) -> frozenset[str]:
        """Whose bell no worker answered yet, by the executions' ids; nobody where it is broken. Never raises."""


class Witness(Protocol):
    """Remembers, outside of the database, how far it was seen to come: so one that was set back is recognised."""

    def remember(self, line: str, mark: int) -> None:
        """The line of the database was seen at this mark. Never raises."""

    def recall(self, line: str) -> int | None:
        """The highest mark that was remembered; None where nobody knows. Never raises."""


class NoWitness:
    """Nobody remembers anything."""

    def remember(self, line: str, mark: int) -> None:
        """Forget it."""

    def recall(self, line: str) -> int | None:  # noqa: ARG002 nothing is known of any
        return None


class Announcing(Protocol):
    """Wakes the posters: something is owed, and committed."""

    def announce(self) -> None:
        """Never waits, never raises. A lost one is no loss: posters look for themselves."""


class NoAnnouncer:
    """Nobody is woken."""

    def announce(self) -> None:
        """Nothing."""


@dataclass(slots=True)
class UnitOfWork:
    """One transaction: its session, its time, the rings it owes, and whether it owes the channels something."""

    session: Session
    now: datetime
    admins: frozenset[str]
    jobs: list[JobRequest] = field(default_factory=list)
    limits: Limits = STANDARD
    announces: bool = False

    def enqueue(self, kind: str, execution_id: str, *, first: bool = False) -> None:
        self.jobs.append(JobRequest(kind, execution_id, first))


@dataclass(frozen=True)
class UnitOfWorkFactory:
    """The core service. `admins`: Slack ids of the platform admins; `limits`: on what teams may do in a minute."""

    engine: Engine
    clock: Clock
    job_queue: JobQueue
    admins: frozenset[str] = frozenset()
    limits: Limits = STANDARD
    witness: Witness = field(default_factory=NoWitness)
    announcer: Announcing = field(default_factory=NoAnnouncer)

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A transaction that commits at the end and then rings; an error rolls back and rings nothing."""
        with Session(self.engine, expire_on_commit=False) as session:
            with session.begin():
                work = UnitOfWork(session, self.clock.now(), self.admins, limits=self.limits)
                yield work
                fail_point("commit.before")
            fail_point("commit.after")
            if work.announces:
                self.announcer.announce()
            if work.jobs:
                self.job_queue.enqueue(work.jobs)

    def run(self, act: Callable[[UnitOfWork], T]) -> T:
        """What `act` returns, of one transaction. Where PostgreSQL ended it for another one's sake, it is tried again.

        So `act` may be called several times; nothing is left of what was ended
        (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html).
        """
        for _ in range(TRIES_AGAIN):
            with suppress_victims(), self.begin() as work:
                return act(work)
        with self.begin() as work:
            return act(work)
