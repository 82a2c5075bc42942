"""The bench's own record of requests, answers, faults and deaths. Times are Unix times."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace

from chaos.process_group import Death


@dataclass(frozen=True)
class Request:
    """A request for a run. `told`: the run id in the answer; None without such an answer.

    `refused`: the last answer was a refusal. `deliveries`: how often it was sent, with one key.
    """

    tag: str
    door: str
    runbook: str
    told: str | None = None
    deliveries: int = 1
    refused: bool = False


@dataclass(frozen=True)
class Entry:
    """A note that a person sent for the request for values with the id `asked`.

    `is_accepted`: the answer said that it counts.
    """

    asked: str
    user: str
    note: str
    is_accepted: bool = False


@dataclass(frozen=True)
class Strike:
    """A fault that was played, with its start and end."""

    fault: str
    begun: float
    ended: float


@dataclass(frozen=True)
class Recovery:
    """The seconds from a worker's loss, at `lost_at`, until another worker continued a run that it held."""

    fault: str
    execution_id: str
    seconds: float
    lost_at: float = 0.0


@dataclass
class Journal:
    """The record of a campaign; safe to be written by many threads."""

    requests: dict[str, Request] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)  # execution id: request tag, or how the id was given
    entries: dict[str, Entry] = field(default_factory=dict)  # by note
    froze: dict[str, float] = field(default_factory=dict)  # freeze id: when it was confirmed
    strikes: list[Strike] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=dict)  # the longest, by execution
    clicks: Counter[str] = field(default_factory=Counter)
    races: Counter[str] = field(default_factory=Counter)  # by kind of race
    race_answers: Counter[str] = field(default_factory=Counter)  # by HTTP status
    retries: Counter[str] = field(default_factory=Counter)  # answers by HTTP status
    lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, request: Request) -> None:
        with self.lock:
            self.requests[request.tag] = request

    def answered(self, tag: str, execution_id: str) -> None:
        """Record that the request was answered with a run's id."""
        with self.lock:
            self.requests[tag] = replace(self.requests[tag], told=execution_id, refused=False)
            self.told[execution_id] = tag

    def refused(self, tag: str) -> None:
        """Record that the request was refused, unless it was answered with a run before."""
        with self.lock:
            request = self.requests[tag]
            self.requests[tag] = replace(request, refused=request.told is None)

    def entered(self, entry: Entry) -> None:
        """Record values that are about to be sent."""
        with self.lock:
            self.entries[entry.note] = entry

    def accepted(self, note: str) -> None:
        """Record that the answer said that these values count."""
        with self.lock:
            self.entries[note] = replace(self.entries[note], is_accepted=True)

    def was_frozen(self, freeze_id: str) -> None:
        """Record that the freeze was confirmed just now."""
        with self.lock:
            self.froze[freeze_id] = time.time()

    def was_told(self, execution_id: str, whom: str) -> None:
        """Record that somebody was given a run's id in a way that does not name the request."""
        with self.lock:
            self.told.setdefault(execution_id, whom)

    def died(self, death: Death) -> None:
        with self.lock:
            self.deaths.append(death)

    def struck(self, fault: str, begun: float, ended: float | None = None) -> None:
        with self.lock:
            self.strikes.append(Strike(fault, begun, ended or time.time()))

    def recovered(self, recovery: Recovery) -> None:
        with self.lock:
            self.recoveries.append(recovery)

    def clicked(self, what: str) -> None:
        with self.lock:
            self.clicks[what] += 1

    def retried(self, answer: str) -> None:
        """Record the answer to a retry over REST."""
        with self.lock:
            self.retries[answer] += 1

    def raced(self, races: Counter[str], answers: Counter[str]) -> None:
        """Add races (one per gate) and the answers to their requests."""
        with self.lock:
            self.races += races
            self.race_answers += answers

    def waited(self, execution_id: str, seconds: float) -> None:
        """Record for how many seconds the execution has been due and untouched."""
        with self.lock:
            self.waits[execution_id] = max(seconds, self.waits.get(execution_id, 0.0))

    @property
    def kills(self) -> int:
        """How many processes the bench ended with SIGKILL."""
        with self.lock:
            return sum(death.status == -9 for death in self.deaths)
