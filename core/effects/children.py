"""Child runs of a step: creates them once, then looks how they stand, and turns what they came to into its result."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, Protocol

from core.decisions.children import (
    ChildrenPlan,
    OnChildFailure,
    PlannedChild,
    PlannedChildren,
    needed_of,
    next_children,
    plan_of,
    plan_to_json,
    why_failed,
)
from core.decisions.settling import CHILDREN_DELAY
from core.definitions.fields import Path
from core.definitions.parameters import check_parameters
from core.definitions.secrets import parted
from core.definitions.steps import StepDefinition
from core.execution.preparation import Context, Inside
from core.fault_injection import fail_point
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import load
from core.services.library.runbooks import definition_of
from core.services.runs.changes import cancel_children
from core.services.runs.children import (
    continue_children,
    count_children,
    drop_unstarted,
    failed_names,
    lock_below,
    results,
)
from core.services.starts.child_starts import NewChild, check_depth, create_children, pinned_runbook
from core.statuses import WaitingFor
from core.tables import Incident, JsonObject, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Failed, Json, Step, StepResult, Succeeded, Waits

LONGEST_NAME = 80


class ChildrenDefinition(Protocol):
    """What the steps have in common that run others."""

    @property
    def id(self) -> str: ...
    @property
    def inner_steps(self) -> Sequence[tuple[Path, Sequence[StepDefinition]]]: ...
    @property
    def timeout(self) -> timedelta | None: ...
    @property
    def on_child_failure(self) -> OnChildFailure: ...
    @property
    def need(self) -> Literal["all", "any"] | int: ...


def name_of(value: Json) -> str:
    """Return how people call the child for this item: its text, the `name` in it, or its JSON."""
    named = value.get("name") if isinstance(value, dict) else value
    text = named if isinstance(named, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def prepare_children(
    step: ChildrenDefinition, planned: Sequence[PlannedChild], context: Context, *, concurrency: int
) -> Inside:
    """Return the act of a step that runs `planned` as child runs: create them, or look at them once they are there.

    Raises InvalidInput if more must succeed than there are.
    """
    need = needed_of(step.need, len(planned)) if context.progress is None else 0
    until = context.now + step.timeout if step.timeout is not None else None
    plan = ChildrenPlan(len(planned), concurrency, need, step.on_child_failure, context.attempt, until)
    shown: Json = {"children": [child.shown() for child in planned], **_shown_bodies(step, planned)}

    def act(work: UnitOfWork) -> StepResult:
        if context.progress is None:
            _create(work, step, planned, context)
        return _look(work, context, plan if context.progress is None else None)

    comes_to = Succeeded({"children": []})
    return Inside(act, shown=shown, comes_to=comes_to, children=PlannedChildren(plan, planned))


def _shown_bodies(step: ChildrenDefinition, planned: Sequence[PlannedChild]) -> dict[str, Json]:
    """Return what the children will run: the runbook's name, or the steps as they are written, by branch."""
    runbooks = sorted({child.runbook for child in planned if child.runbook is not None})
    if runbooks:
        return {"runbook": runbooks[0]}
    written: dict[str, Json] = {}
    for place, inner in step.inner_steps:
        steps: list[Json] = [
            each.model_dump(mode="json", by_alias=True, exclude_unset=True) for each in inner
        ]
        written[place[-1] if len(place) > 1 else "steps"] = steps  # type: ignore[index]  # a path of names
    return {"steps": written["steps"]} if "steps" in written else {"branches": written}


def _create(
    work: UnitOfWork, step: ChildrenDefinition, planned: Sequence[PlannedChild], context: Context
) -> None:
    parent = work.session.get_one(RunbookExecution, context.execution_id)
    check_depth(parent)
    incident = work.session.get_one(Incident, parent.incident_id)
    new = [_new(work, parent, incident, child, context) for child in planned]
    create_children(work, parent, step.id, context.attempt, new, maybe_done=context.maybe_done)
    fail_point("children.created")


def _new(
    work: UnitOfWork, parent: RunbookExecution, incident: Incident, child: PlannedChild, context: Context
) -> NewChild:
    if child.runbook is None:
        scope: JsonObject = {"variable": child.variable, "value": child.value}
        definition = _inline_definition(parent, context.position, child.source)
        return NewChild(child.name, None, definition, parent.parameters, scope, context.hidden)
    runbook = pinned_runbook(work, parent, child.runbook, incident)
    schema = definition_of(runbook).parameters
    parameters, hidden = parted(schema, check_parameters(schema, dict(child.parameters)))
    return NewChild(child.name, runbook, runbook.definition, parameters, None, hidden)


def _inline_definition(parent: RunbookExecution, position: int, source: Sequence[str]) -> JsonObject:
    """Return the stored definition of a child that runs steps of its parent's own definition, as they are written."""
    written = parent.definition
    steps: Json = [*written["steps"], *written.get("finally", ())][position]
    for key in source:
        steps = steps[key]  # type: ignore[index, call-overload]  # the definition is valid
    kept: JsonObject = {key: written[key] for key in ("kind", "name", "team", "parameters") if key in written}
    return kept | {"steps": steps}


def _look(work: UnitOfWork, context: Context, new: ChildrenPlan | None) -> StepResult:
    """Start and cancel what is due, and return the step's result, or that it waits. `new`: the plan of new children."""
    parent_id = context.execution_id
    if new is None and _must_cancel(work, context):
        lock_below(work, parent_id)
    row = work.session.get_one(RunbookExecution, parent_id, with_for_update=True, populate_existing=True)
    state = load(work.session, RUNBOOK, row).state
    step = state.steps[context.position]
    plan = new or plan_of(step)
    assert plan is not None, "a step that looks at its children has created them"
    following = continue_children(work, parent_id, step, plan, is_ending=state.is_ending)
    if following.cancel:
        cancel_children(work, row, "its parent run")
        following = continue_children(work, parent_id, step, plan, is_ending=state.is_ending)
    if not following.is_over:
        until = min(filter(None, (context.now + CHILDREN_DELAY, plan.until)))
        return Waits(WaitingFor.CHILDREN, max(until, context.now), plan_to_json(plan))
    return _result(work, parent_id, step, plan)


def _must_cancel(work: UnitOfWork, context: Context) -> bool:
    row = work.session.get_one(RunbookExecution, context.execution_id)
    state = load(work.session, RUNBOOK, row).state
    step = state.steps[context.position]
    plan = plan_of(step)
    if plan is None:
        return False
    counts = count_children(work, row.id, step.id, plan.round)
    return next_children(plan, counts, is_ending=state.is_ending or plan.is_over(work.now)).cancel


def _result(work: UnitOfWork, parent_id: str, step: Step, plan: ChildrenPlan) -> StepResult:
    drop_unstarted(work, parent_id, "It was not started, because its step had already ended.")
    counts = count_children(work, parent_id, step.id, plan.round)
    output: Json = {"children": results(work, parent_id, step.id, plan.round)}
    why = why_failed(plan, counts, failed_names(work, parent_id, step.id, plan.round))
    if why is None:
        return Succeeded(output)
    late = f"They did not end by {plan.until:%H:%M:%S} UTC. " if plan.is_over(work.now) else ""
    return Failed(f"{late}{why}", output)
