"""Recorded calls and injected faults."""

from collections import deque
from dataclasses import asdict, dataclass
from datetime import datetime

from pydantic import BaseModel, Field, JsonValue

REMEMBERED_CALLS = 100_000


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    method: str
    path: str
    key: str | None  # header Idempotency-Key
    time: datetime
    body: JsonValue  # the decoded JSON; the text if it is not JSON; null if empty

    def shown(self) -> dict[str, object]:
        """Return the call as GET /calls shows it."""
        return asdict(self) | {"time": self.time.isoformat()}


class Fault(BaseModel, extra="forbid", frozen=True):
    """A fault for requests to a path: first the delay in seconds, then the status instead of an answer.

    `status` null: after the delay the request is processed as usual. `times` null: until faults are cleared.
    """

    path: str
    status: int | None = Field(default=None, ge=400, le=599)
    times: int | None = Field(default=None, ge=1)
    delay: float = Field(default=0, ge=0, le=600)


def take_fault(faults: tuple[Fault, ...], path: str) -> tuple[Fault | None, tuple[Fault, ...]]:
    """Return the first fault for the path, and the faults that remain after it."""
    for index, fault in enumerate(faults):
        if fault.path == path:
            if fault.times is None:
                return fault, faults
            used = (fault.model_copy(update={"times": fault.times - 1}),) if fault.times > 1 else ()
            return fault, (*faults[:index], *used, *faults[index + 1 :])
    return None, faults


@dataclass
class Traffic:
    """The calls so far, and the pending faults."""

    calls: deque[Call]
    faults: tuple[Fault, ...] = ()

    @classmethod
    def none(cls) -> "Traffic":
        return cls(deque(maxlen=REMEMBERED_CALLS))

    def next_fault(self, path: str) -> Fault | None:
        """Return the fault for this request, if any."""
        fault, self.faults = take_fault(self.faults, path)
        return fault
