"""The state of an execution, and the events that can change it.

Runbook executions and workflow executions are the same state machine: an ordered list of steps, one of which is
current. A workflow's actions are its steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeAlias

from core.statuses import Status, WaitingFor

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DONE = frozenset({Status.SUCCEEDED, Status.SKIPPED})
OPEN = frozenset({Status.PENDING, Status.RUNNING, Status.WAITING, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class StepPolicy:
    """What the definition says about retries and failures.

    `repeatable`: after a crash or a failure the step may be run again without asking (its definition has `retry: {safe:
    true}`, or it makes no outside call), `attempts` times in total.
    `asks`: whether people can be asked for a verdict; otherwise a step in doubt ends the execution.
    `rechecks`: whether its condition is evaluated again when its wait is over.
    `covers_for`: for an approval, how long it also covers retries; None: it covers one attempt of what it showed.
    `only_reads`: the step changes nothing, so one that lost its worker is run again. `polls`: it is looked at again
    until what it reads is so.
    `in_finally`: the step is one of those that run after the outcome is decided.
    `finds_lost_attempts`: after a crash the step is prepared again without asking, since its act first finds out
    whether the lost attempt took effect.
    `stops_elsewhere`: a cancel of the execution also stops what the step has started elsewhere; its act does that.
    """

    repeatable: bool = False
    attempts: int = 1
    backoff: timedelta = timedelta(0)
    max_backoff: timedelta = timedelta(minutes=5)
    continue_on_failure: bool = False
    asks: bool = True
    rechecks: bool = False
    covers_for: timedelta | None = None
    only_reads: bool = False
    polls: bool = False
    in_finally: bool = False
    finds_lost_attempts: bool = False
    stops_elsewhere: bool = False


@dataclass(frozen=True)
class Step:
    """One step of an execution: its policy and its progress.

    `progress`: what the step has to know to look again at what it started or reads; None: it has not begun to look.
    `maybe_done`: a restored database does not have it as done, but the database from which it was copied may.
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
    progress: Json = None

    @cached_property
    def result(self) -> Mapping[str, object]:
        """What expressions see of the step. Every later step sees it: it is made once, and never changed."""
        return {
            "status": self.status.value,
            "output": self.output,
            "saved": dict(self.saved),
            "error": self.error,
        }

    @property
    def only_looks(self) -> bool:
        """Whether running the step now only reads: it always does, it polls, or it looks at what it has started."""
        return self.policy.only_reads or self.policy.polls or self.progress is not None

    @property
    def follows(self) -> bool:
        """Whether the step has started something elsewhere, and only looks at it now."""
        return self.progress is not None and not self.policy.polls

    @property
    def is_doubtful(self) -> bool:
        """Whether starting the step now might repeat something that must not be repeated."""
        finds_out = self.policy.repeatable or self.policy.finds_lost_attempts or self.only_looks
        return self.maybe_done and not finds_out


@dataclass(frozen=True, slots=True)
class Execution:
    """The state of one run. `wake_at`: when it next needs a worker; None: not before an event.

    `timeout`: how long it may take from its first start, including waits; `finally_timeout`: how long its finally steps
    may take after that. `frozen`: no step may start until the freeze is lifted.
    `outcome`: how the run will end once its finally steps are over; None: that is not decided yet.
    `admitted_by`: the id of the gate without which nothing of the run is done, for one that an agent proposed.
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
    finally_timeout: timedelta | None = None
    outcome: Status | None = None
    admitted_by: str | None = None

    @property
    def is_ending(self) -> bool:
        """Whether its outcome is decided, so that only its finally steps still run."""
        return self.outcome is not None

    @property
    def deadline(self) -> datetime | None:
        """The end of its time; None before it starts, and without a timeout. Finally steps have a time of their own."""
        began, limit = self.started_at, self.timeout
        if self.is_ending:
            starts = [step.started_at for step in self.steps if step.policy.in_finally and step.started_at]
            began, limit = min(starts, default=None), self.finally_timeout
        return began + limit if began and limit else None

    @property
    def position(self) -> int | None:
        """The index of the current step, which is the first that is not over; None if all are over.

        Once the outcome is decided, only the finally steps count, after a step whose child runs are still being ended;
        before that, only the others.
        """
        is_ending = self.outcome is not None
        for position, step in enumerate(self.steps):
            if step.status in OPEN and (
                step.policy.in_finally == is_ending or (is_ending and step.status is Status.WAITING)
            ):
                return position
        return None

    def with_step(self, position: int, step: Step) -> "Execution":
        return replace(self, steps=(*self.steps[:position], step, *self.steps[position + 1 :]))


# Results of a step ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Succeeded:
    output: Json = None
    saved: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The step certainly did not succeed.

    `final`: a retry would not help. `retry_after`: how long the other side asks to wait before a retry.
    """

    error: str
    output: Json = None
    final: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The step may or may not have happened: the request was sent, and no answer came."""

    error: str
    output: Json = None


@dataclass(frozen=True, slots=True)
class Waits:
    """The step waits for people, time or another system. `until`: when to check again (for a gate: when it expires).

    `progress`: what the step has to know when it is checked again; None: nothing.
    """

    waiting_for: WaitingFor
    until: datetime | None
    progress: Json = None


@dataclass(frozen=True, slots=True)
class InProgress:
    """The step has to look again after `delay`: what it started goes on elsewhere, or what it reads is not yet so.

    `progress`: handed to the next look; never None. `reason`: what it is waiting for, for people. `output`: the last
    value, shown meanwhile.
    """

    progress: Json
    delay: timedelta
    reason: str
    output: Json = None


StepResult = Succeeded | Skipped | Failed | Uncertain | Waits | InProgress


# Events of an execution ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claimed:
    """A worker claimed the execution: for the first time, after a wait, or after its last worker was lost."""


@dataclass(frozen=True, slots=True)
class StepPrepared:
    """The current step's request was rendered; it is sent as soon as this is committed."""

    request: Json


@dataclass(frozen=True, slots=True)
class StepEnded:
    result: StepResult


@dataclass(frozen=True, slots=True)
class GateDecided:
    """People decided at the gate. `gate`: the approval's id, stored in the step's output."""

    approved: bool
    by: str
    reason: str = ""
    gate: str = ""


@dataclass(frozen=True, slots=True)
class GateOutdated:
    """The open gate does not show what would be sent, so it is asked again."""

    reason: str


@dataclass(frozen=True, slots=True)
class ApprovalVoided:
    """What was approved is not what the current step would do now, so the gate is asked again first."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallbackReceived:
    """The callback for which the current step is waiting has been received."""


@dataclass(frozen=True, slots=True)
class ChildrenChanged:
    """The current step has to look at its child runs: they are over, or the others have to be cancelled."""


@dataclass(frozen=True, slots=True)
class InputGiven:
    """A person answered what the step `step_id` asks for. `values`: as they were given, defaults included.

    `saved`: the same, with null for each declared value that was left out.
    """

    step_id: str
    values: Mapping[str, Json]
    saved: Mapping[str, Json]
    by: str


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
    """The execution may not start, because its runbook may not run; or not continue, because it loses its workers."""

    reason: str


@dataclass(frozen=True, slots=True)
class LockGranted:
    """The execution now holds the lock for which it was waiting."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the step `step_id` was waiting for has ended."""

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
    | ChildrenChanged
    | InputGiven
    | CancelRequested
    | VerdictGiven
    | LockGranted
    | Answered
    | Refused
)


@dataclass(frozen=True, slots=True)
class Transition:
    """The new state of an execution, and the index of the step that its worker must prepare next, if any."""

    execution: Execution
    prepare: int | None = None
