"""The values that decisions about an execution are made of: its state, and what can happen to it.

Runbook executions and workflow executions are the same machine: an ordered list of steps, of which one
is current. A workflow's actions are its steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from core.statuses import Status, WaitingFor

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DONE = frozenset({Status.SUCCEEDED, Status.SKIPPED})
OPEN = frozenset({Status.PENDING, Status.RUNNING, Status.WAITING, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class StepPolicy:
    """What the definition says about repeating and failing.

    `repeatable`: after a crash or a failure the step may be run again without asking (it said
    `retry: {safe: true}`, or it touches nothing outside), `attempts` times in all.
    `asks`: whether people can be asked for a verdict on it; where nobody can, a doubt ends the execution.
    `rechecks`: its condition is asked once more when its wait is over.
    `covers_for`: of an approval, for how long it covers retries too; None: one attempt of what it showed.
    """

    repeatable: bool = False
    attempts: int = 1
    backoff: timedelta = timedelta(0)
    max_backoff: timedelta = timedelta(minutes=5)
    continue_on_failure: bool = False
    asks: bool = True
    rechecks: bool = False
    covers_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an execution: its policy, and how far it got.

    `maybe_done`: a restored database had not seen it done, and the one that it is a copy of may have.
    """

    id: str
    type: str
    policy: StepPolicy = StepPolicy()
    status: Status = Status.PENDING
    attempt: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    request: Json = None
    output: Json = None
    saved: Mapping[str, Json] = field(default_factory=dict)
    error: str | None = None
    maybe_done: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Whether to begin it now might be to repeat what must not be repeated."""
        return self.maybe_done and not self.policy.repeatable


@dataclass(frozen=True, slots=True)
class Execution:
    """The state of one run. `wake_at`: when it next needs a worker; None: not before something happens.

    `timeout`: how long it may take from its first start, waits included.
    `frozen`: no step may start until somebody lifts the freeze.
    """

    status: Status
    steps: tuple[Step, ...]
    waiting_for: WaitingFor | None = None
    wake_at: datetime | None = None
    cancel_requested: bool = False
    frozen: bool = False
    error: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    timeout: timedelta | None = None

    @property
    def deadline(self) -> datetime | None:
        """When its time is over; None before it starts, and where it may take any time."""
        return self.started_at + self.timeout if self.started_at and self.timeout else None

    @property
    def position(self) -> int | None:
        """Index of the current step: the first one that is not over; None when all are."""
        return next((i for i, step in enumerate(self.steps) if step.status in OPEN), None)

    def with_step(self, position: int, step: Step) -> "Execution":
        return replace(self, steps=(*self.steps[:position], step, *self.steps[position + 1 :]))


# What a step came to -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Succeeded:
    output: Json = None
    saved: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not do what it should, and we know it.

    `final`: trying again would not help. `retry_after`: how long the other side asks to wait before that.
    """

    error: str
    output: Json = None
    final: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """It may or may not have happened: the request left, no answer came."""

    error: str
    output: Json = None


@dataclass(frozen=True, slots=True)
class Waits:
    """It is for people, time or another system now; `until`: when to look again (for a gate: when it expires)."""

    waiting_for: WaitingFor
    until: datetime | None


StepResult = Succeeded | Skipped | Failed | Uncertain | Waits


# What can happen to an execution -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claimed:
    """A worker took the execution: for the first time, after a wait, or after its last worker died."""


@dataclass(frozen=True, slots=True)
class StepPrepared:
    """The current step's request was rendered; it goes outside as soon as this is committed."""

    request: Json


@dataclass(frozen=True, slots=True)
class StepEnded:
    result: StepResult


@dataclass(frozen=True, slots=True)
class GateDecided:
    """`gate`: the id of the approval, which the step keeps: by it is found what was approved."""

    approved: bool
    by: str
    reason: str = ""
    gate: str = ""


@dataclass(frozen=True, slots=True)
class GateOutdated:
    """The open gate does not show what would be sent: it is asked anew."""

    reason: str


@dataclass(frozen=True, slots=True)
class ApprovalVoided:
    """What was approved is not what the current step would do now: it is asked anew before that."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallbackReceived:
    """What the current step waits for has come, and is there to be read."""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    by: str
    worker_active: bool


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """A person's answer to "did this step happen?": `ran`, `did_not_run` or `run_again`."""

    answer: str
    by: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The execution may not begin, for its runbook may not run; or not go on, for it kills its workers."""

    reason: str


@dataclass(frozen=True, slots=True)
class LockGranted:
    """The lock that the execution waited for is its own now."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the step `step_id` called back for has come to an end."""

    step_id: str
    result: Succeeded | Failed


Event = (
    Claimed
    | StepPrepared
    | StepEnded
    | GateDecided
    | GateOutdated
    | ApprovalVoided
    | CallbackReceived
    | CancelRequested
    | VerdictGiven
    | LockGranted
    | Answered
    | Refused
)


@dataclass(frozen=True, slots=True)
class Transition:
    """The execution as it is now, and the index of the step that its worker is to prepare next, if any."""

    execution: Execution
    prepare: int | None = None
