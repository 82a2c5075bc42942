"""The unit of work: what every service function needs, composed once by `cli`.

A service function takes a `UnitOfWork`, which is one transaction. Its outside effects (jobs to enqueue, posters to
wake) are collected in it and carried out after the commit.
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
    """A job for a worker: an execution to process. `kind`: `runbook` or `workflow`. `first`: ahead of the queue."""

    kind: str
    execution_id: str
    first: bool = False


class JobQueue(Protocol):
    """Tells the workers which executions need one. A lost job does no harm: the clock enqueues it again."""

    def enqueue(self, jobs: Sequence[JobRequest]) -> None:
        """Enqueue all the jobs, or none if that fails. Never raises; a failure is logged."""

    def queued(self) -> frozenset[str]:
        """Return the ids of executions whose jobs no worker has taken yet; none if the queue fails. Never raises."""


class Witness(Protocol):
    """Remembers, outside the database, how far the database was seen to advance, so that a restore is detected."""

    def remember(self, line: str, mark: int) -> None:
        """Record that this line of the database was seen at this mark. Never raises."""

    def recall(self, line: str) -> int | None:
        """Return the highest mark recorded; None if unknown. Never raises."""


class NoWitness:
    """A witness that remembers nothing."""

    def remember(self, line: str, mark: int) -> None:
        """Do nothing."""

    def recall(self, line: str) -> int | None:  # noqa: ARG002 nothing is known of any
        return None


class Announcing(Protocol):
    """Wakes the posters after a notice has been enqueued and committed."""

    def announce(self) -> None:
        """Announce it. Never waits, never raises. A lost announcement does no harm: posters poll as well."""


class NoAnnouncer:
    """An announcer that wakes nobody."""

    def announce(self) -> None:
        """Do nothing."""


@dataclass(slots=True)
class UnitOfWork:
    """One transaction: its session and time, the jobs to enqueue, and whether to wake the posters after the commit."""

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
    """Begins units of work. `admins`: Slack ids of the platform admins; `limits`: on what teams may do in a minute."""

    engine: Engine
    clock: Clock
    job_queue: JobQueue
    admins: frozenset[str] = frozenset()
    limits: Limits = STANDARD
    witness: Witness = field(default_factory=NoWitness)
    announcer: Announcing = field(default_factory=NoAnnouncer)

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """Begin a transaction that commits at the end and then enqueues its jobs; an error rolls back and enqueues
        nothing.
        """
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
        """Return what `act` returns, executed in one transaction. Retried if PostgreSQL aborts it in favour of another
        one.

        So `act` may be called several times; nothing remains of an aborted attempt
        (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html).
        """
        for _ in range(TRIES_AGAIN):
            with suppress_victims(), self.begin() as work:
                return act(work)
        with self.begin() as work:
            return act(work)
