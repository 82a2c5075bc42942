"""Every execution ends, or waits for a person."""

from collections.abc import Iterator

from chaos.checker.facts import FINAL, PEOPLE, Execution, Facts, by
from chaos.checker.violations import Finding


def _waits_for_people(facts: Facts, execution: Execution) -> bool:
    """Return whether it waits for people: itself, its child, its parent, or its lock's holder."""
    if execution.is_unstarted:
        return any(_waits_for_people(facts, parent) for parent in facts.above(execution))
    if execution.waiting_for == "children":
        below = [each for each in facts.children_of[execution.id] if not (each.is_final or each.is_unstarted)]
        return any(_waits_for_people(facts, child) for child in below)
    if execution.waiting_for == "lock":
        return any(_waits_for_people(facts, holder) for holder in facts.holders_of(execution.lock_name))
    return execution.status == "waiting" and execution.waiting_for in PEOPLE


def executions_end(facts: Facts) -> Iterator[Finding]:
    """Every execution ends or waits for people, or for an execution that does."""
    for execution in facts.executions:
        if not (execution.is_final or _waits_for_people(facts, execution)):
            how = f"{execution.status} ({execution.waiting_for or 'for nothing'})"
            yield execution.id, f"{execution.id} ({execution.runbook}) is stuck: {how}."
    for workflow in facts.workflows:
        if workflow.status not in FINAL:
            yield workflow.id, f"{workflow.id} is stuck: {workflow.status}."


def endings_are_whole(facts: Facts) -> Iterator[Finding]:
    """An execution that ended has an end, no worker, and no step that still runs or waits."""
    for execution in facts.executions:
        if not execution.is_final:
            continue
        if execution.finished_at is None or execution.worker is not None:
            yield (
                execution.id,
                f"{execution.id} is {execution.status}, but has no end time or still has a worker.",
            )
        for step in facts.steps_of[execution.id]:
            if step.status in ("running", "waiting"):
                yield (
                    execution.id,
                    f"{execution.id} is {execution.status}, but its step {step.id} is {step.status}.",
                )
            elif execution.status == "succeeded" and step.status in ("pending", "unknown", "cancelled"):
                yield execution.id, f"{execution.id} succeeded, but its step {step.id} is {step.status}."


def wake_at_is_consistent(facts: Facts) -> Iterator[Finding]:
    """`wake_at` is null if and only if the execution ended, was not started, or waits for people without a limit.

    A gate's expiry is its `wake_at`.
    """
    open_gates = by([gate for gate in facts.gates if gate.status == "open"], "execution_id")
    for execution in facts.executions:
        expiry = [gate.expires_at for gate in open_gates[execution.id]]
        if execution.waiting_for == "approval":
            if [execution.wake_at] != expiry:
                yield (
                    execution.id,
                    f"{execution.id} wakes at {execution.wake_at}; its open gates expire at {expiry}.",
                )
        elif (execution.wake_at is None) != _sleeps(execution):
            how = execution.waiting_for or execution.status
            yield execution.id, f"{execution.id} ({how}) has wake_at {execution.wake_at}."


def _sleeps(execution: Execution) -> bool:
    """Return whether time alone does not wake it."""
    is_held_up = execution.waiting_for in ("verdict", "lock") and "timeout" not in execution.frozen
    return execution.is_final or execution.is_unstarted or is_held_up


RULES = (executions_end, endings_are_whole, wake_at_is_consistent)
