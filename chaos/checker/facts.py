"""The facts that the checker judges. Times from the database are datetimes, those of the bench Unix times."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

FINAL = frozenset({"succeeded", "failed", "cancelled", "timed_out"})
OPEN = frozenset({"pending", "running", "waiting", "unknown"})
PEOPLE = frozenset({"approval", "input", "verdict"})

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Execution:
    """A run of a runbook. `frozen`: the copy of the definition that it runs; `published`: that of its version.

    `awaited_by`: the id of the workflow action that waits for it. `is_frozen`: held by a freeze, so no step may start.
    `retry_of`: the id of the run that it retries. `parent`: the id of the run of which it is a child, created by the
    parent's step `parent_step` in its `child_round`th attempt, for the item at `child_index`. `outcome`: how it ends,
    decided before its finally steps run. `gate`: the id of the gate that it has because an agent proposed it.
    """

    id: str
    status: str
    waiting_for: str | None
    wake_at: datetime | None
    worker: str | None
    tag: str
    runbook: str
    version: int
    frozen: Mapping[str, Any]
    published: Mapping[str, Any] | None
    lock_name: str | None
    holds_lock: bool
    requested_by: str
    workflow_execution_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    awaited_by: str | None = None
    retry_of: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_frozen: bool = False
    parent: str | None = None
    parent_step: str | None = None
    child_round: int = 1
    child_index: int = 0
    child_name: str | None = None
    is_inline: bool = False
    outcome: str | None = None
    error: str | None = None
    gate: str | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def is_refused(self) -> bool:
        """Return whether it ended because its definition was put under quarantine."""
        return "quarantine" in (self.error or "")

    @property
    def is_unstarted(self) -> bool:
        """Return whether it is a child that its parent has not started yet."""
        return self.parent is not None and self.status == "pending" and self.wake_at is None


@dataclass(frozen=True)
class WorkflowExecution:
    """An execution of a workflow. `frozen`: the copy of the definition that it runs."""

    id: str
    incident_id: str
    status: str
    wake_at: datetime | None
    frozen: Mapping[str, Any] = field(default_factory=dict)
    is_frozen: bool = False

    @property
    def is_final(self) -> bool:
        return self.status in FINAL


@dataclass(frozen=True)
class Incident:
    id: str
    title: str
    service: str | None
    created_at: datetime | None = None
    status: str = "open"


@dataclass(frozen=True)
class Step:
    """A step of a run, or an action of a workflow execution.

    `carried_over`: it was done by the run that this one retries.
    """

    execution_id: str
    position: int
    id: str
    type: str
    status: str
    attempt: int
    started_at: datetime | None
    finished_at: datetime | None
    output: Any = None
    carried_over: bool = False

    @property
    def key(self) -> str:
        """The key that each of its calls carries."""
        return f"{self.execution_id}.{self.id}"


@dataclass(frozen=True)
class Gate:
    """A gate. `initiators`: the people who brought its run about, as stored with the gate."""

    id: str
    execution_id: str
    position: int
    status: str
    count: int
    requester: str
    expires_at: datetime | None
    closed_at: datetime | None
    initiators: Sequence[str] = ()


@dataclass(frozen=True)
class Input:
    """A request for values, and what was entered: `values`, by `answered_by`."""

    id: str
    execution_id: str
    position: int
    status: str
    answered_by: str | None
    values: Mapping[str, Any] | None


@dataclass(frozen=True)
class Entry:
    """A note that a person entered for the request for values `asked`. `is_accepted`: they were told that it counts."""

    asked: str
    user: str
    note: str
    is_accepted: bool


@dataclass(frozen=True)
class Decision:
    gate_id: str
    user: str
    approved: bool
    created_at: datetime


@dataclass(frozen=True)
class Audit:
    number: int
    action: str
    subject: str
    actor: str
    created_at: datetime
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Freeze:
    id: str
    created_at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True)
class Call:
    """A call that the target received. `effect`: False if the target refused it."""

    at: float
    key: str
    kind: str
    edition: str
    effect: bool


@dataclass(frozen=True)
class Trace:
    """A line that a command wrote about itself. `word`: `begin`, `tick` or `end`."""

    key: str
    pid: int
    word: str
    at: float


@dataclass(frozen=True)
class Message:
    """A message of the app in Slack. `card`: the id of its first block, such as `headline.rbx_…`."""

    channel: str
    ts: str
    text: str
    card: str
    status: str
    notice: str
    part: int
    actions: frozenset[str]


@dataclass(frozen=True)
class Asked:
    """A request for a run. `told`: the run id that the requester was given. `refused`: it must not have started one."""

    tag: str
    told: str | None
    refused: bool = False


@dataclass(frozen=True)
class Recovery:
    """A run whose worker was lost, and the seconds until another worker continued it."""

    execution_id: str
    seconds: float


@dataclass(frozen=True)
class Wait:
    """The longest time in seconds for which an execution was due and no worker touched it."""

    execution_id: str
    seconds: float


@dataclass(frozen=True)
class Delivery:
    """A command, a click or an event that Slack sent the app.

    `outcome`: Slack's name for the result. `seconds`: how long the app took to answer.
    """

    number: int
    at: float
    kind: str
    outcome: str
    seconds: float = 0.0


def by(things: Iterable[Thing], name: str) -> Mapping[Any, list[Thing]]:
    """Group things by an attribute; a value that does not occur maps to an empty list."""
    found: defaultdict[Any, list[Thing]] = defaultdict(list)
    for thing in things:
        found[getattr(thing, name)].append(thing)
    return found


@dataclass(frozen=True)
class Facts:
    """All facts of a campaign.

    `told`: ids of runs that somebody was given. `harms`: periods in which a fault affected workers or servers;
    `outages`: those of them that are more than the death of a process.
    `other_deaths`: when workers died of something other than their run. `redis_away`: periods in which only Redis was
    down. `froze`: when a freeze was confirmed, by its id.
    """

    executions: Sequence[Execution] = ()
    workflows: Sequence[WorkflowExecution] = ()
    incidents: Sequence[Incident] = ()
    steps: Sequence[Step] = ()
    actions: Sequence[Step] = ()
    gates: Sequence[Gate] = ()
    decisions: Sequence[Decision] = ()
    inputs: Sequence[Input] = ()
    entries: Sequence[Entry] = ()
    audit: Sequence[Audit] = ()
    freezes: Sequence[Freeze] = ()
    calls: Sequence[Call] = ()
    traces: Sequence[Trace] = ()
    messages: Sequence[Message] = ()
    asked: Sequence[Asked] = ()
    told: Sequence[str] = ()
    harms: Sequence[tuple[float, float]] = ()
    outages: Sequence[tuple[float, float]] = ()
    other_deaths: Sequence[float] = ()
    recoveries: Sequence[Recovery] = ()
    waits: Sequence[Wait] = ()
    deliveries: Sequence[Delivery] = ()
    redis_away: Sequence[tuple[float, float]] = ()
    froze: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def steps_of(self) -> Mapping[str, list[Step]]:
        """Steps by execution, in order."""
        return by(sorted(self.steps, key=lambda step: step.position), "execution_id")

    @cached_property
    def actions_of(self) -> Mapping[str, list[Step]]:
        """Actions by workflow execution, in order."""
        return by(sorted(self.actions, key=lambda action: action.position), "execution_id")

    @cached_property
    def calls_of(self) -> Mapping[str, list[Call]]:
        """Calls by key, as they arrived."""
        return by(sorted(self.calls, key=lambda call: call.at), "key")

    @cached_property
    def traces_of(self) -> Mapping[str, list[Trace]]:
        return by(sorted(self.traces, key=lambda trace: trace.at), "key")

    def is_asked_again(self, step: Step) -> bool:
        """Return whether the step is a gate that needs approval again: voided, or not valid for a retry."""
        if step.type != "approval" or step.carried_over:
            return False
        at = (step.execution_id, step.position)
        voided = any((gate.execution_id, gate.position) == at for gate in self.gates if gate.status == "void")
        old = next((each.retry_of for each in self.executions if each.id == step.execution_id), None)
        passed = old is not None and self.steps_of[old][step.position].status == "succeeded"
        later = self.steps_of[step.execution_id][step.position :]
        return voided or passed or any(each.carried_over for each in later)

    @cached_property
    def audit_of(self) -> Mapping[str, list[Audit]]:
        return by(self.audit, "subject")

    @cached_property
    def without_redis(self) -> list[Delivery]:
        """Slack's deliveries while Redis was down."""
        away = self.redis_away
        return [each for each in self.deliveries if any(since <= each.at <= until for since, until in away)]

    @cached_property
    def cards(self) -> Mapping[str, list[Message]]:
        return by(self.messages, "card")

    def definition_of(self, execution: Execution, step: Step) -> Mapping[str, Any]:
        """Return the step's definition in the copy that the execution runs."""
        written = (*execution.frozen["steps"], *execution.frozen.get("finally", ()))
        found: Mapping[str, Any] = written[step.position]
        return found

    def is_poll(self, step: Step) -> bool:
        """Return whether the step looks until something is so."""
        execution = self.execution_of.get(step.execution_id)
        return execution is not None and "poll" in self.definition_of(execution, step)

    def body_of(self, execution: Execution) -> list[Step]:
        """Return the execution's steps without its finally steps."""
        return self.steps_of[execution.id][: len(execution.frozen["steps"])]

    def finally_of(self, execution: Execution) -> list[Step]:
        return self.steps_of[execution.id][len(execution.frozen["steps"]) :]

    @cached_property
    def execution_of(self) -> Mapping[str, Execution]:
        return {execution.id: execution for execution in self.executions}

    @cached_property
    def children_of(self) -> Mapping[str, list[Execution]]:
        """Children by their parent's id, in order."""
        ordered = sorted(self.executions, key=lambda each: (each.child_round, each.child_index))
        return by([each for each in ordered if each.parent is not None], "parent")

    def holders_of(self, lock: str | None) -> list[Execution]:
        """Return the executions that hold the lock, which is at most one."""
        return [each for each in self.executions if each.holds_lock and each.lock_name == lock]

    def above(self, execution: Execution) -> Iterator[Execution]:
        """Yield the runs of which it is a child, the nearest first."""
        parent = self.execution_of.get(execution.parent or "")
        while parent is not None:
            yield parent
            parent = self.execution_of.get(parent.parent or "")

    def below(self, execution_id: str) -> Iterator[Execution]:
        """Yield the execution's children and theirs."""
        for child in self.children_of[execution_id]:
            yield child
            yield from self.below(child.id)

    def run_again(self, step: Step) -> int:
        """Return how often the verdict on the step was `run_again`."""
        return sum(
            entry.action == "verdict.run_again" and entry.details.get("step") == step.position
            for entry in self.audit_of[step.execution_id]
        )

    def frozen_seconds(self, begun: float, ended: float) -> float:
        """Return for how many seconds of the period a freeze was in force."""
        since = [(each.created_at.timestamp(), each.lifted_at) for each in self.freezes]
        ends = [(begin, lifted.timestamp() if lifted else ended) for begin, lifted in since]
        return sum(max(0.0, min(end, ended) - max(begin, begun)) for begin, end in ends)

    def is_suspended(self, begun: float, ended: float) -> bool:
        """Return whether there was an outage in the period, which may let a call of a suspended worker go on late."""
        return any(begun <= until and since <= ended for since, until in self.outages)

    def harmed(self, begun: float, ended: float) -> bool:
        """Return whether a fault affected a worker, or a server it needs, in the period."""
        return any(begun <= until and since <= ended for since, until in self.harms)
