"""The bench's own memory: what was asked and answered, and what befell whom. Times are Unix times."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace

from chaos.process_group import Death


@dataclass(frozen=True)
class Request:
    """A start that somebody asked for. `told`: the execution's id that they were told; None: no such answer came.

    `refused`: the last answer was that it must not be.
    `deliveries`: how often it was sent, under one key.
    """

    tag: str
    door: str
    runbook: str
    told: str | None = None
    deliveries: int = 1
    refused: bool = False


@dataclass(frozen=True)
class Strike:
    """A fault that was played: from when until when."""

    fault: str
    begun: float
    ended: float


@dataclass(frozen=True)
class Recovery:
    """Seconds from a worker's death until somebody went on with what it held."""

    fault: str
    execution_id: str
    seconds: float


@dataclass
class Journal:
    """Written by many threads."""

    requests: dict[str, Request] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)  # execution id: who was told, by which door
    froze: dict[str, float] = field(default_factory=dict)  # when somebody was told of a freeze
    strikes: list[Strike] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    waits: dict[str, float] = field(default_factory=dict)  # the longest, by execution
    clicks: Counter[str] = field(default_factory=Counter)
    races: Counter[str] = field(default_factory=Counter)  # by who competes
    race_answers: Counter[str] = field(default_factory=Counter)  # by HTTP status
    retries: Counter[str] = field(default_factory=Counter)  # answers by HTTP status
    lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, request: Request) -> None:
        with self.lock:
            self.requests[request.tag] = request

    def answered(self, tag: str, execution_id: str) -> None:
        """The person behind the request was told its execution's id."""
        with self.lock:
            self.requests[tag] = replace(self.requests[tag], told=execution_id, refused=False)
            self.told[execution_id] = tag

    def refused(self, tag: str) -> None:
        """The person behind the request was told that it must not be; not where they were told of a run before."""
        with self.lock:
            request = self.requests[tag]
            self.requests[tag] = replace(request, refused=request.told is None)

    def was_frozen(self, freeze_id: str) -> None:
        """Somebody was told, just now, that the freeze is in force."""
        with self.lock:
            self.froze[freeze_id] = time.time()

    def was_told(self, execution_id: str, whom: str) -> None:
        """Somebody was told of an execution, by a door that does not say for which request."""
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
        """Somebody asked for a retry over REST."""
        with self.lock:
            self.retries[answer] += 1

    def raced(self, races: Counter[str], answers: Counter[str]) -> None:
        """Over gates; one race is one gate."""
        with self.lock:
            self.races += races
            self.race_answers += answers

    def waited(self, execution_id: str, seconds: float) -> None:
        """The execution is due, and nobody has touched it for so long."""
        with self.lock:
            self.waits[execution_id] = max(seconds, self.waits.get(execution_id, 0.0))

    @property
    def kills(self) -> int:
        """Ends that the bench caused with SIGKILL."""
        with self.lock:
            return sum(death.status == -9 for death in self.deaths)
