"""Finally steps: once for every run that has begun, however it ended, and without any influence on that."""

from collections.abc import Iterator

from chaos.checker.facts import Execution, Facts
from chaos.checker.violations import Finding

OVER = ("succeeded", "failed", "skipped", "timed_out")
PASSED = ("succeeded", "skipped")


def _ended(facts: Facts) -> Iterator[Execution]:
    """Yield the runs that have finally steps and have ended."""
    yield from (each for each in facts.executions if each.is_final and facts.finally_of(each))


def _has_begun(facts: Facts, execution: Execution) -> bool:
    """Return whether something was done. What an agent proposed, and nobody approved, has done nothing."""
    steps = facts.body_of(execution)
    gate = next((step for step in steps if step.id == execution.gate), None)
    if gate is not None and gate.status != "succeeded":
        steps = steps[gate.position + 1 :]
    return execution.started_at is not None and any(step.started_at for step in steps)


def finally_steps_are_done(facts: Facts) -> Iterator[Finding]:
    """Every finally step of a run that had begun is over, unless the run was refused."""
    for execution in _ended(facts):
        if not _has_begun(facts, execution) or execution.is_refused:
            continue
        for step in facts.finally_of(execution):
            if step.status not in OVER:
                yield (
                    execution.id,
                    f"{execution.id} is {execution.status}, but its finally step {step.id} is {step.status}.",
                )


def what_never_began_has_no_finally(facts: Facts) -> Iterator[Finding]:
    for execution in _ended(facts):
        started = [step.id for step in facts.finally_of(execution) if step.started_at]
        if started and not _has_begun(facts, execution):
            yield execution.id, f"{execution.id} never began, but its finally steps {', '.join(started)} did."


def finally_steps_come_last(facts: Facts) -> Iterator[Finding]:
    """No finally step starts before every other step is over or will never start."""
    for execution in facts.executions:
        starts = [step.started_at for step in facts.finally_of(execution) if step.started_at]
        for step in facts.body_of(execution) if starts else ():
            is_late = step.finished_at is not None and step.finished_at > min(starts)
            if step.status in ("running", "waiting") or is_late:
                yield execution.id, f"A finally step of {execution.id} started before {step.key} was over."


def finally_steps_change_no_outcome(facts: Facts) -> Iterator[Finding]:
    """A run ends with the outcome that was decided before its finally steps, and that its other steps had."""
    for execution in _ended(facts):
        if execution.outcome not in (None, execution.status):
            yield (
                execution.id,
                f"{execution.id} was to end as {execution.outcome}, but is {execution.status}.",
            )
        undone = [
            step.id for step in facts.body_of(execution) if not _is_passed(facts, execution, step.position)
        ]
        if (execution.status == "succeeded") != (not undone) and not _was_stopped(execution):
            yield (
                execution.id,
                f"{execution.id} is {execution.status}; these of its steps were not done: {undone}.",
            )


def _is_passed(facts: Facts, execution: Execution, position: int) -> bool:
    step = facts.steps_of[execution.id][position]
    passes = facts.definition_of(execution, step).get("on_failure") == "continue"
    return step.status in PASSED or (passes and step.status in OVER)


def _was_stopped(execution: Execution) -> bool:
    """Return whether it may have ended after its last step for another reason than that step."""
    return execution.status in ("cancelled", "timed_out") or execution.is_refused


def count(facts: Facts) -> int:
    return sum(len(facts.finally_of(each)) for each in _ended(facts))


RULES = (
    finally_steps_are_done,
    what_never_began_has_no_finally,
    finally_steps_come_last,
    finally_steps_change_no_outcome,
)
