"""A job in another system, what can be asked of that system, and what one look at the job hands on to the next."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.effects.remote import Session
from core.errors import RunbookError
from core.execution.preparation import Context
from core.values.execution import Json

LONGEST_WORD = 100  # characters of an id or a status


@dataclass(frozen=True)
class Job:
    """A job, as the system shows it.

    `id`: its id there; `url`: for people; `status`: in the system's words; `succeeded`: None while it goes on; `where`:
    what the system needs to look at it again, if that is not its id; `detail`: what expressions see as `job`;
    `results`: what else the step's output has, bounded and without secrets.
    """

    id: str
    url: str
    status: str
    succeeded: bool | None = None
    where: Json = None
    detail: Json = None
    results: Mapping[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Bound what is stored and shown: the system may say anything."""
        for name in ("id", "status"):
            object.__setattr__(self, name, getattr(self, name)[:LONGEST_WORD])


@dataclass(frozen=True)
class Candidate:
    """A job that may be ours, and the text of it in which the mark would be."""

    text: str
    job: Job


class JobSystem(Protocol):
    """Starts jobs in one system, and looks at them. Its methods raise what `Session` raises.

    `is_idempotent`: whether doing it twice is the same as once, so that it is done again, with the same mark,
    instead of being looked for.
    """

    @property
    def is_idempotent(self) -> bool: ...

    def start(self, session: Session, mark: str) -> Job:
        """Start it. Raises Unclear if it was started and nobody knows as which job."""

    def recent(self, session: Session) -> Sequence[Candidate]:
        """Return the newest jobs, as far back as an attempt that is in doubt can lie."""

    def look(self, session: Session, job: Job) -> Job:
        """Return the job as it is now."""

    def cancel(self, session: Session, job: Job) -> None:
        """Ask the system to stop the job."""


@dataclass(frozen=True)
class Progress:
    """What a look hands on to the next.

    `attempt`: the current one; `first`: the earliest whose job may be ours; `since`: when the job, or the search,
    began; `job`: None while it is looked for; `trouble`: since when looks are refused.
    """

    attempt: int
    first: int
    since: datetime
    job: Job | None = None
    trouble: datetime | None = None

    def to_json(self) -> Json:
        job = self.job
        return {
            "attempt": self.attempt,
            "first": self.first,
            "since": self.since.isoformat(),
            "trouble": self.trouble.isoformat() if self.trouble else None,
            "job": {"id": job.id, "url": job.url, "status": job.status, "where": job.where} if job else None,
        }


def progress_from(value: Json) -> Progress | None:
    """Return the progress that `to_json` wrote; None if there is none."""
    if not isinstance(value, dict):
        return None
    job, trouble = value["job"], value["trouble"]
    return Progress(
        attempt=int(str(value["attempt"])),
        first=int(str(value["first"])),
        since=datetime.fromisoformat(str(value["since"])),
        job=_job_from(job) if isinstance(job, dict) else None,
        trouble=datetime.fromisoformat(str(trouble)) if trouble else None,
    )


def _job_from(value: dict[str, Json]) -> Job:
    return Job(str(value["id"]), str(value["url"]), str(value["status"]), where=value["where"])


def marked_attempt(text: str, key: str) -> int | None:
    """Return the newest attempt whose mark, `KEY.ATTEMPT`, is in the text; None if there is no mark of this step."""
    found = re.findall(rf"{re.escape(key)}\.(\d{{1,6}})(?!\d)", text)
    return max(map(int, found), default=None)


def is_in_doubt(context: Context, mark: str) -> bool:
    """Return whether this start of something idempotent may repeat one that took effect."""
    first = int(mark.rpartition(".")[2])
    return context.progress is not None or context.maybe_done or first < context.attempt


class Once:
    """The part of a JobSystem that is the same wherever something is done with its answer, and nothing goes on."""

    is_idempotent = False

    def recent(self, session: Session) -> Sequence[Candidate]:  # noqa: ARG002 as in JobSystem
        return ()

    def look(self, session: Session, job: Job) -> Job:  # noqa: ARG002 as in JobSystem
        return job

    def cancel(self, session: Session, job: Job) -> None:
        """Do nothing: it is done."""


@dataclass(frozen=True)
class Unusable:
    """A system that cannot be asked now. Every method raises `error`, which says why."""

    error: RunbookError
    is_idempotent = False

    def start(self, session: Session, mark: str) -> Job:  # noqa: ARG002 as in JobSystem
        raise self.error

    def recent(self, session: Session) -> Sequence[Candidate]:  # noqa: ARG002 as in JobSystem
        raise self.error

    def look(self, session: Session, job: Job) -> Job:  # noqa: ARG002 as in JobSystem
        raise self.error

    def cancel(self, session: Session, job: Job) -> None:  # noqa: ARG002 as in JobSystem
        raise self.error
