"""Creates and starts the child runs of a step. A child is a run of its own, with its parent's incident and tag."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from core.decisions.children import MOST_DEPTH, MOST_DESCENDANTS
from core.decisions.resume import done_whole, resume
from core.decisions.team_scope import check_runbook_scope
from core.definitions.runbook import RunbookDefinition
from core.definitions.stored import read_stored
from core.errors import Conflict, NotFound
from core.identifiers import Prefix, derived_id
from core.services.executions import secret_parameters
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import load
from core.services.library.runbooks import check_runnable, runbook_for
from core.services.starts.runbook_starts import carry_over
from core.statuses import Status
from core.tables import Incident, JsonObject, Runbook, RunbookExecution, StepExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Execution, Json, Step


@dataclass(frozen=True)
class NewChild:
    """A child to create. `name`: how people call it. `runbook`: what it runs, or None for steps of the parent's own.

    `definition`: as it is stored. `scope`: as in RunbookExecution.child_scope. `hidden`: the values of its secret
    parameters.
    """

    name: str
    runbook: Runbook | None
    definition: JsonObject
    parameters: Mapping[str, Json]
    scope: JsonObject | None = None
    hidden: Mapping[str, Json] | None = None


def pinned_runbook(work: UnitOfWork, parent: RunbookExecution, name: str, incident: Incident) -> Runbook:
    """Return the runbook that a step of `parent` runs, in the version that was approved when the parent was requested.

    Raises NotFound, NotRunnable, or Superseded if it was changed since.
    """
    version = (parent.pinned or {}).get(name)
    if version is None:
        raise NotFound(f"This run was requested before its step could run {name}.", hint="Run it again.")
    runbook = runbook_for(work, name, incident)
    check_runbook_scope(runbook.name, runbook.team.name if runbook.team else None, incident.team.name)
    check_runnable(runbook, version=int(version))
    return runbook


def check_depth(parent: RunbookExecution) -> None:
    """Raise Conflict if a child of this run would be too deep."""
    if parent.child_depth >= MOST_DEPTH:
        raise Conflict(
            f"This run of {parent.runbook_name} is already {MOST_DEPTH} runs deep, so its steps cannot run others.",
            hint="Run it directly, or write its steps into the runbook that runs it.",
        )


def create_children(
    work: UnitOfWork,
    parent: RunbookExecution,
    step_id: str,
    round_: int,
    new: Sequence[NewChild],
    *,
    maybe_done: bool = False,
) -> None:
    """Create the children of a step. None is started yet. What succeeded in an earlier attempt is carried over.

    `maybe_done`: copied from their step (StepColumns): the database was restored, and another may have run them.
    A child that did not succeed there continues where it ended, as a retry of it does.
    """
    _check_number(work, parent, len(new))
    earlier = _earlier(work, parent, step_id, round_)
    steps: list[StepExecution] = []
    for index, child in enumerate(new):
        row = _row(work, parent, step_id, round_, index, child)
        steps += _steps(work, row, earlier.get((index, child.name)), maybe_done=maybe_done)
        work.session.add(row)
    work.session.flush()
    work.session.add_all(steps)
    for index, child in enumerate(new):
        if child.hidden:
            secret_parameters.keep(work, _id(parent, step_id, round_, index), child.hidden)


def _check_number(work: UnitOfWork, parent: RunbookExecution, new: int) -> None:
    """Raise Conflict if the run from which all descend would have too many child runs."""
    root = parent.root_execution_id or parent.id
    count = select(func.count()).where(RunbookExecution.root_execution_id == root)
    there = work.session.scalar(count) or 0
    if there + new > MOST_DESCENDANTS:
        raise Conflict(
            f"The run would have {there + new} child runs in all; at most {MOST_DESCENDANTS} are allowed.",
            hint="Split the work over several runs.",
        )


def _earlier(
    work: UnitOfWork, parent: RunbookExecution, step_id: str, round_: int
) -> Mapping[tuple[int, str], RunbookExecution]:
    """Return the children of the attempt before, of this run or of the one that it retries, by index and name."""
    of_step = select(RunbookExecution).where(RunbookExecution.parent_step == step_id)
    if round_ > 1:
        before = of_step.where(
            RunbookExecution.parent_execution_id == parent.id, RunbookExecution.child_round == round_ - 1
        )
    elif parent.retry_of is not None:
        before = of_step.where(RunbookExecution.parent_execution_id == parent.retry_of)
    else:
        return {}
    rows = work.session.scalars(before.order_by(RunbookExecution.child_round))
    return {(row.child_index or 0, row.child_name or ""): row for row in rows}


def _row(
    work: UnitOfWork, parent: RunbookExecution, step_id: str, round_: int, index: int, child: NewChild
) -> RunbookExecution:
    named = child.runbook
    return RunbookExecution(
        id=_id(parent, step_id, round_, index),
        runbook_id=named.id if named else parent.runbook_id,
        runbook_name=named.name if named else parent.runbook_name,
        runbook_version=named.version if named else parent.runbook_version,
        team_id=named.team_id if named else parent.team_id,
        definition=child.definition,
        parameters=dict(child.parameters),
        incident_id=parent.incident_id,
        workflow_execution_id=parent.workflow_execution_id,
        requested_by=parent.requested_by,
        initiators=parent.initiators,
        depth=parent.depth,
        pinned=parent.pinned,
        values=None if named else parent.values,
        status=Status.PENDING,
        created_at=work.now + timedelta(microseconds=index),  # lists by time have them in their order
        parent_execution_id=parent.id,
        root_execution_id=parent.root_execution_id or parent.id,
        parent_step=step_id,
        child_round=round_,
        child_index=index,
        child_name=child.name,
        child_depth=parent.child_depth + 1,
        child_scope=child.scope,
    )


def _id(parent: RunbookExecution, step_id: str, round_: int, index: int) -> str:
    return derived_id(Prefix.RUNBOOK_EXECUTION, f"{parent.id}.{step_id}.{round_}.{index}")


def _steps(
    work: UnitOfWork, row: RunbookExecution, old: RunbookExecution | None, *, maybe_done: bool
) -> Iterable[StepExecution]:
    """Return the rows of its steps. What an earlier attempt of it has done is carried over."""
    definition = read_stored(RunbookDefinition, row.runbook_name, row.runbook_version, row.definition)
    steps = [
        StepExecution(
            execution_id=row.id,
            position=position,
            step_id=step.id,
            type=step.type,
            maybe_done=maybe_done,
        )
        for position, step in enumerate(definition.all_steps)
    ]
    if old is None or [step.id for step in definition.all_steps] != _ids(old):
        return steps
    state = load(work.session, RUNBOOK, old).state
    carried: Sequence[Step] = ()
    if state.status is Status.SUCCEEDED:
        carried, row.status = state.steps, Status.SUCCEEDED
        row.started_at, row.finished_at = old.started_at, old.finished_at
    elif any(step.started_at for step in state.steps) and state.status.is_final:
        row.retry_of = old.id
        carried = _carried(work, state)
    for step_row, step in zip(steps, carried, strict=False):
        carry_over(step_row, step)
    return steps


def _carried(work: UnitOfWork, state: Execution) -> Sequence[Step]:
    """Return the steps that a retry of the child carries over: none if an admin chose to run a doubtful one again."""
    done = done_whole(state)
    if done is not None:
        return done
    try:
        return resume(state, from_step=None, by="The retry of its parent run", now=work.now).carried
    except Conflict:
        return ()


def _ids(row: RunbookExecution) -> list[str]:
    lists = (row.definition.get("steps", ()), row.definition.get("finally", ()))
    return [str(step["id"]) for each in lists for step in each]
