"""Injected faults: the effects of a bad network and an overloaded Slack, on request."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal["ratelimited", "status", "timeout", "reset_after_accept", "reset_before_accept", "error"]


class Fault(BaseModel):
    """What to do to the next ``times`` calls of ``method`` (in ``channel``, if given), after ``skip`` calls.

    - ``ratelimited``: 429 with ``Retry-After: retry_after`` seconds.
    - ``status``: this HTTP status and no JSON. Nothing is done.
    - ``timeout``: silence for ``seconds``, then the connection is cut. Nothing is done.
    - ``reset_before_accept``: the connection is cut. Nothing is done.
    - ``reset_after_accept``: the call is carried out, then the connection is cut before any answer.
    - ``error``: an ordinary answer with ``ok: false`` and this error.
    """

    model_config = ConfigDict(extra="forbid")

    method: str = "*"
    kind: FaultKind
    times: int = Field(default=1, ge=0)
    skip: int = Field(default=0, ge=0)
    channel: str | None = None
    retry_after: int = Field(default=1, ge=0)
    status: int = Field(default=500, ge=100, le=599)
    error: str = "internal_error"
    seconds: float = Field(default=30.0, ge=0)

    def concerns(self, method: str, channel: str) -> bool:
        return self.method in ("*", method) and self.channel in (None, channel)


class Faults:
    """The remaining faults, in order: the first that matches a call is applied to it."""

    def __init__(self) -> None:
        self.left: list[Fault] = []

    def replace(self, faults: Sequence[Fault]) -> None:
        self.left = [fault for fault in faults if fault.times]

    def take(self, method: str, channel: str) -> Fault | None:
        """Return the fault that applies to this call, if any, and count it."""
        for index, fault in enumerate(self.left):
            if not fault.concerns(method, channel):
                continue
            if fault.skip:
                self.left[index] = fault.model_copy(update={"skip": fault.skip - 1})
                continue
            self.left[index] = fault.model_copy(update={"times": fault.times - 1})
            self.left = [remaining for remaining in self.left if remaining.times]
            return fault
        return None
