"""Every execution ends, or waits for a person."""

from collections.abc import Iterator

from chaos.checker.facts import FINAL, PEOPLE, Execution, Facts, by
from chaos.checker.violations import Finding


def _waits_for_people(execution: Execution) -> bool:
    return execution.status == "waiting" and execution.waiting_for in PEOPLE


def executions_end(facts: Facts) -> Iterator[Finding]:
    """Every execution ends or waits for people; one that waits for a lock may wait for what the lock's holder does."""
    holders = {each.lock_name: each for each in facts.executions if each.holds_lock}
    for execution in facts.executions:
        holder = holders.get(execution.lock_name) if execution.waiting_for == "lock" else None
        if not (execution.is_final or _waits_for_people(holder or execution)):
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
    """`wake_at` is null if and only if the execution ended or waits for people; a gate's expiry is its `wake_at`."""
    open_gates = by([gate for gate in facts.gates if gate.status == "open"], "execution_id")
    for execution in facts.executions:
        expiry = [gate.expires_at for gate in open_gates[execution.id]]
        if execution.waiting_for == "approval":
            if [execution.wake_at] != expiry:
                yield (
                    execution.id,
                    f"{execution.id} wakes at {execution.wake_at}; its open gates expire at {expiry}.",
                )
        elif (execution.wake_at is None) != (
            execution.is_final or execution.waiting_for in ("verdict", "lock")
        ):
            how = execution.waiting_for or execution.status
            yield execution.id, f"{execution.id} ({how}) has wake_at {execution.wake_at}."


RULES = (executions_end, endings_are_whole, wake_at_is_consistent)
