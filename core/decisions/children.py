"""Child runs: how many may start, when their step is over, and whether it succeeded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.errors import InvalidInput
from core.values.execution import Json, Step

MOST_CHILDREN = 1_000  # of one step
MOST_DESCENDANTS = 2_000  # of one run, however deep
MOST_DEPTH = 3  # runs inside runs, not counting the first
CHILDREN = "children"  # the key of a plan in the progress of a step

OnChildFailure = Literal["stop", "continue", "cancel"]


@dataclass(frozen=True, slots=True)
class ChildrenPlan:
    """What a step has decided about its children when it created them.

    `total`: how many there are. `concurrency`: how many may run at once. `need`: how many must succeed.
    `on_child_failure`: once one has failed, `stop` starts no more, `cancel` also cancels those that run, and `continue`
    starts the others all the same. `round`: which attempt of the step created them. `until`: when they must have ended;
    None: there is no limit.
    """

    total: int
    concurrency: int
    need: int
    on_child_failure: OnChildFailure = "stop"
    round: int = 1
    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Return whether their time is over."""
        return self.until is not None and now >= self.until


@dataclass(frozen=True, slots=True)
class ChildCounts:
    """How many children of a step have not been started, are active, have succeeded, and have ended otherwise."""

    unstarted: int = 0
    active: int = 0
    succeeded: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class NextChildren:
    """What to do with the children now.

    `start`: how many more to start. `cancel`: whether those that run are to be cancelled. `is_over`: whether none runs
    and none will be started, so the step has its result.
    """

    start: int = 0
    cancel: bool = False
    is_over: bool = False


@dataclass(frozen=True)
class PlannedChild:
    """A child that a step will create. `name`: how people call it.

    `runbook`: the runbook that it runs, with `parameters`; None: it runs the steps at `source`, the path within the
    step's definition, in which `variable` is the name of `value`.
    """

    name: str
    runbook: str | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict)
    source: tuple[str, ...] = ()
    variable: str | None = None
    value: Json = None

    def shown(self) -> Json:
        """Return what an approval shows of it. The steps of its own are shown once, by their step."""
        item: dict[str, Json] = {"name": self.name}
        if self.variable is not None:
            item["item"] = self.value
        return {**item, "parameters": dict(self.parameters)} if self.runbook else item


@dataclass(frozen=True)
class PlannedChildren:
    """The children that a step will create, and how it will run them."""

    plan: ChildrenPlan
    children: Sequence[PlannedChild]


def next_children(plan: ChildrenPlan, counts: ChildCounts, *, is_ending: bool = False) -> NextChildren:
    """Return what to do with the children of a step. `is_ending`: the outcome of the whole run is decided already."""
    has_failed = counts.failed > 0 and plan.on_child_failure != "continue"
    has_enough = plan.need < plan.total and counts.succeeded >= plan.need
    starts = 0 if is_ending or has_failed or has_enough else plan.concurrency - counts.active
    start = max(0, min(starts, counts.unstarted))
    cancel = counts.active > 0 and (is_ending or (has_failed and plan.on_child_failure == "cancel"))
    return NextChildren(start, cancel, is_over=start == 0 and counts.active == 0)


def why_failed(plan: ChildrenPlan, counts: ChildCounts, failed_names: str) -> str | None:
    """Return why the step failed, or None if enough of its children succeeded. `failed_names`: such as `db-3, db-7`."""
    if counts.succeeded >= plan.need:
        return None
    needed = "all" if plan.need == plan.total else str(plan.need)
    named = f" Did not succeed: {failed_names}." if failed_names else ""
    return f"{counts.succeeded} of {plan.total} child runs succeeded; {needed} must.{named}"


def needed_of(need: Literal["all", "any"] | int, total: int) -> int:
    """Return how many of `total` children must succeed. Raises InvalidInput if there are fewer than that."""
    if need == "all":
        return total
    if need == "any":
        return min(1, total)
    if need > total:
        raise InvalidInput(f"need: {need} child runs must succeed, but there are only {total}.", field="need")
    return need


def plan_to_json(plan: ChildrenPlan) -> Json:
    """Return the plan as a step keeps it in its progress."""
    return {
        CHILDREN: {
            "total": plan.total,
            "concurrency": plan.concurrency,
            "need": plan.need,
            "on_child_failure": plan.on_child_failure,
            "round": plan.round,
            "until": plan.until.isoformat() if plan.until else None,
        }
    }


def has_plan(step: Step) -> bool:
    """Return whether the step has created children and has not ended since."""
    return isinstance(step.progress, Mapping) and CHILDREN in step.progress


def plan_of(step: Step) -> ChildrenPlan | None:
    """Return the plan of a step that has created children, or None."""
    written = step.progress.get(CHILDREN) if isinstance(step.progress, Mapping) else None
    if not isinstance(written, dict):
        return None
    until = datetime.fromisoformat(str(written["until"])) if written["until"] else None
    return ChildrenPlan(**written | {"until": until})  # type: ignore[arg-type]  # as written above
