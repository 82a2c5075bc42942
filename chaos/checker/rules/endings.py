"""Every execution ends, or waits for a person."""

from collections.abc import Iterator

from chaos.checker.facts import FINAL, PEOPLE, Execution, Facts, by
from chaos.checker.violations import Finding


def _waits_for_people(execution: Execution) -> bool:
    return execution.status == "waiting" and execution.waiting_for in PEOPLE


def executions_end(facts: Facts) -> Iterator[Finding]:
    """Who waits for a lock waits for whom its holder waits."""
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
            yield execution.id, f"{execution.id} is {execution.status}, and has no end, or still a worker."
        for step in facts.steps_of[execution.id]:
            if step.status in ("running", "waiting"):
                yield (
                    execution.id,
                    f"{execution.id} is {execution.status}, and its step {step.id} {step.status}.",
                )
            elif execution.status == "succeeded" and step.status in ("pending", "unknown", "cancelled"):
                yield execution.id, f"{execution.id} succeeded, and its step {step.id} is {step.status}."


def wake_at_says_who_is_wanted(facts: Facts) -> Iterator[Finding]:
    """Null exactly when the execution ended or waits for people alone; a gate with an end wakes it then."""
    open_gates = by([gate for gate in facts.gates if gate.status == "open"], "execution_id")
    for execution in facts.executions:
        expiry = [gate.expires_at for gate in open_gates[execution.id]]
        if execution.waiting_for == "approval":
            if [execution.wake_at] != expiry:
                yield (
                    execution.id,
                    f"{execution.id} wakes at {execution.wake_at}; its open gates end at {expiry}.",
                )
        elif (execution.wake_at is None) != (
            execution.is_final or execution.waiting_for in ("verdict", "lock")
        ):
            how = execution.waiting_for or execution.status
            yield execution.id, f"{execution.id} ({how}) has wake_at {execution.wake_at}."


RULES = (executions_end, endings_are_whole, wake_at_says_who_is_wanted)
