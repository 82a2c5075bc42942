"""What callers asked, and how we misbehave towards them when told to."""

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
    body: JsonValue  # the decoded JSON, the text where it is none, null where there is none

    def shown(self) -> dict[str, object]:
        """The call as GET /calls answers it."""
        return asdict(self) | {"time": self.time.isoformat()}


class Fault(BaseModel, extra="forbid", frozen=True):
    """How requests to a path go wrong: first the delay, then the status instead of an answer.

    `status` null: after the delay the request is worked on as usual. `times` null: until faults are cleared.
    """

    path: str
    status: int | None = Field(default=None, ge=400, le=599)
    times: int | None = Field(default=None, ge=1)
    delay: float = Field(default=0, ge=0, le=600)


def take_fault(faults: tuple[Fault, ...], path: str) -> tuple[Fault | None, tuple[Fault, ...]]:
    """The first fault for the path, and the faults that are left once it has happened."""
    for index, fault in enumerate(faults):
        if fault.path == path:
            if fault.times is None:
                return fault, faults
            used = (fault.model_copy(update={"times": fault.times - 1}),) if fault.times > 1 else ()
            return fault, (*faults[:index], *used, *faults[index + 1 :])
    return None, faults


@dataclass
class Traffic:
    """The calls so far and the faults to come."""

    calls: deque[Call]
    faults: tuple[Fault, ...] = ()

    @classmethod
    def none(cls) -> "Traffic":
        return cls(deque(maxlen=REMEMBERED_CALLS))

    def next_fault(self, path: str) -> Fault | None:
        """What is to go wrong with this request, if anything."""
        fault, self.faults = take_fault(self.faults, path)
        return fault
