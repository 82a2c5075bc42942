"""The child runs of a step: how they stand, which are started next, and what they came to.

The locks: a child's row before its parent's. Whoever holds the parent's row takes a child's only with SKIP LOCKED, so
that nobody waits in the other direction. What is skipped is found when the parent looks again.
"""

from collections.abc import Sequence

from sqlalchemy import Select, select, text, update

from core.decisions.children import ChildCounts, ChildrenPlan, NextChildren, next_children
from core.definitions.runbook import RunbookDefinition
from core.definitions.stored import read_stored
from core.errors import Conflict, LockHeld
from core.services.executions.locks import lock_name, take_lock
from core.services.shared.incident_scope import incident_scope
from core.statuses import ACTIVE, Status, WaitingFor
from core.tables import Incident, RunbookExecution, StepExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Json, Step

MOST_NAMED = 5  # children named in a sentence
LONGEST_OUTPUT = 1_000_000  # characters of what all children have saved; beyond that it is left out

# Counts the children of a step. One that has not been started is pending, and nothing makes it due.
COUNTS = text("""
SELECT count(*) FILTER (WHERE status = 'pending' AND wake_at IS NULL),
       count(*) FILTER (WHERE status IN ('running', 'waiting') OR (status = 'pending' AND wake_at IS NOT NULL)),
       count(*) FILTER (WHERE status = 'succeeded'),
       count(*) FILTER (WHERE status IN ('failed', 'cancelled', 'timed_out'))
FROM runbook_executions
WHERE parent_execution_id = :parent AND parent_step = :step AND child_round = :round
""")

# Locks the active runs below a run, the deepest first, in the order in which everybody locks them.
LOCK_BELOW = text("""
WITH RECURSIVE below AS (
    SELECT id, child_depth FROM runbook_executions WHERE parent_execution_id = :parent
    UNION ALL
    SELECT child.id, child.child_depth
    FROM runbook_executions AS child JOIN below ON child.parent_execution_id = below.id
)
SELECT execution.id FROM runbook_executions AS execution JOIN below ON below.id = execution.id
WHERE execution.status IN ('pending', 'running', 'waiting')
ORDER BY execution.child_depth DESC, execution.id
FOR UPDATE OF execution
""")


def count_children(work: UnitOfWork, parent_id: str, step_id: str, round_: int) -> ChildCounts:
    """Return how the children stand that an attempt of a step has created."""
    given = {"parent": parent_id, "step": step_id, "round": round_}
    return ChildCounts(*work.session.execute(COUNTS, given).one())


def continue_children(
    work: UnitOfWork, parent_id: str, step: Step, plan: ChildrenPlan, *, is_ending: bool
) -> NextChildren:
    """Start the next children of a step. Return what is left to do. The caller holds the parent's row.

    `is_ending`: whether the outcome of the parent is decided already.
    """
    while True:
        counts = count_children(work, parent_id, step.id, plan.round)
        following = next_children(plan, counts, is_ending=is_ending or plan.is_over(work.now))
        if not following.start or not _start(work, parent_id, step.id, plan, following.start):
            return following


def _start(work: UnitOfWork, parent_id: str, step_id: str, plan: ChildrenPlan, count: int) -> bool:
    """Start the next children. Return whether one of them failed at once, so that another one may take its place."""
    unstarted = (
        _of_step(parent_id, step_id, plan.round)
        .where(RunbookExecution.status == Status.PENDING, RunbookExecution.wake_at.is_(None))
        .order_by(RunbookExecution.child_index)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    rows = work.session.scalars(unstarted).all()
    for row in rows:
        start_child(work, row)
    work.session.flush()
    return any(row.status == Status.FAILED for row in rows)


def _of_step(parent_id: str, step_id: str, round_: int) -> Select[RunbookExecution]:
    return select(RunbookExecution).where(
        RunbookExecution.parent_execution_id == parent_id,
        RunbookExecution.parent_step == step_id,
        RunbookExecution.child_round == round_,
    )


def lock_below(work: UnitOfWork, parent_id: str) -> None:
    """Lock the active runs below a run, before its own row, since they are about to be cancelled with it."""
    work.session.execute(LOCK_BELOW, {"parent": parent_id})


def active_children(work: UnitOfWork, parent_id: str) -> Sequence[str]:
    """Return the ids of the children that have been started and have not ended."""
    query = select(RunbookExecution.id).where(
        RunbookExecution.parent_execution_id == parent_id,
        RunbookExecution.status.in_(ACTIVE),
        (RunbookExecution.status != Status.PENDING) | RunbookExecution.wake_at.is_not(None),
    )
    return work.session.scalars(query.order_by(RunbookExecution.id)).all()


def drop_unstarted(work: UnitOfWork, parent_id: str, reason: str) -> None:
    """Cancel the children that have not been started. They have done nothing, so nothing follows from it."""
    unstarted = (
        RunbookExecution.parent_execution_id == parent_id,
        RunbookExecution.status == Status.PENDING,
        RunbookExecution.wake_at.is_(None),
    )
    values = {"status": Status.CANCELLED, "error": reason, "finished_at": work.now}
    statement = update(RunbookExecution).where(*unstarted).values(values)
    work.session.execute(statement.execution_options(synchronize_session=False))


def check_no_child_in_doubt(work: UnitOfWork, row: RunbookExecution) -> None:
    """Raise Conflict if nobody knows whether a step of a child happened: a retry must not repeat it silently."""
    doubtful = (
        select(RunbookExecution.child_name, StepExecution.step_id, RunbookExecution.parent_step)
        .join(StepExecution, StepExecution.execution_id == RunbookExecution.id)
        .where(RunbookExecution.parent_execution_id == row.id, StepExecution.status == Status.UNKNOWN)
        .order_by(RunbookExecution.child_index)
        .limit(1)
    )
    found = work.session.execute(doubtful).one_or_none()
    if found is not None:
        child, step, parent_step = found
        raise Conflict(
            f"Nobody knows whether step {step} of {child} happened, so it is not repeated automatically.",
            hint=f"A team admin can choose: --from {parent_step} runs {child} again.",
        )


def failed_names(work: UnitOfWork, parent_id: str, step_id: str, round_: int) -> str:
    """Return the names of the children that did not succeed, the first few of them."""
    others = (Status.FAILED, Status.TIMED_OUT, Status.CANCELLED)
    query = _of_step(parent_id, step_id, round_).where(
        RunbookExecution.status.in_(others), RunbookExecution.started_at.is_not(None)
    )
    ordered = query.order_by(RunbookExecution.child_index).limit(MOST_NAMED + 1)
    names = [row.child_name or row.id for row in work.session.scalars(ordered)]
    return ", ".join([*names[:MOST_NAMED], *(["…"] if len(names) > MOST_NAMED else [])])


def results(work: UnitOfWork, parent_id: str, step_id: str, round_: int) -> list[Json]:
    """Return what the children came to, in their order, as the output of their step has it."""
    query = _of_step(parent_id, step_id, round_).with_only_columns(
        RunbookExecution.id,
        RunbookExecution.child_name,
        RunbookExecution.child_scope,
        RunbookExecution.status,
        RunbookExecution.error,
    )
    rows = work.session.execute(query.order_by(RunbookExecution.child_index)).all()
    saved = _saved(work, [row.id for row in rows])
    return [
        {
            "name": row.child_name,
            "item": (row.child_scope or {}).get("value"),
            "status": row.status,
            "execution_id": row.id,
            "saved": saved.get(row.id, {}),
            "error": row.error,
        }
        for row in rows
    ]


def _saved(work: UnitOfWork, ids: Sequence[str]) -> dict[str, dict[str, Json]]:
    """Return what the steps of each run have saved, by name; a later step's value replaces an earlier one's."""
    query = (
        select(StepExecution.execution_id, StepExecution.saved)
        .where(StepExecution.execution_id.in_(ids), StepExecution.saved != {})
        .order_by(StepExecution.execution_id, StepExecution.position)
    )
    found: dict[str, dict[str, Json]] = {}
    length = 0
    for execution_id, saved in work.session.execute(query):
        length += len(str(saved))
        if length > LONGEST_OUTPUT:
            return {}
        found.setdefault(execution_id, {}).update(saved)
    return found


def start_child(work: UnitOfWork, row: RunbookExecution) -> None:
    """Make a child due, once it has its lock. If the lock is held and its runbook does not queue, the child fails."""
    incident = work.session.get_one(Incident, row.incident_id)
    try:
        has_lock = _take_lock(work, row, incident)
    except LockHeld as error:
        row.status, row.error = Status.FAILED, str(error)
        row.started_at = row.finished_at = work.now
        return
    if not has_lock:
        row.status, row.waiting_for = Status.WAITING, WaitingFor.LOCK
        return
    row.wake_at = row.enqueued_at = work.now
    work.enqueue("runbook", row.id)


def _take_lock(work: UnitOfWork, row: RunbookExecution, incident: Incident) -> bool:
    """Return whether it may start. A lock that one of the runs above it holds is not taken again."""
    definition = read_stored(RunbookDefinition, row.runbook_name, row.runbook_version, row.definition)
    name = lock_name(definition, row.parameters, incident_scope(incident))
    if name is None or name in _held_above(work, row):
        return True
    row.lock_name = name
    row.holds_lock = take_lock(
        work, name, incident, row.requested_by, queue=definition.on_conflict == "queue"
    )
    return row.holds_lock


def _held_above(work: UnitOfWork, row: RunbookExecution) -> set[str]:
    held: set[str] = set()
    above = row.parent_execution_id
    while above is not None:
        parent = work.session.get_one(RunbookExecution, above)
        held |= {parent.lock_name} if parent.lock_name and parent.holds_lock else set()
        above = parent.parent_execution_id
    return held
