"""A run executes the requested version exactly as it was published."""

from collections.abc import Iterator, Mapping
from typing import Any

from chaos.checker.facts import Execution, Facts
from chaos.checker.violations import Finding


def the_frozen_copy_runs(facts: Facts) -> Iterator[Finding]:
    """A run has its definition as it was published, and a child with steps of its parent has these as written there."""
    for execution in facts.executions:
        if execution.is_inline:
            if execution.frozen["steps"] not in _written(facts, execution):
                yield execution.id, f"{execution.id} does not run the steps that its parent has for it."
        elif _without_gate(execution) != execution.published:
            version = f"version {execution.version} of {execution.runbook}"
            yield execution.id, f"{execution.id} does not run {version} as it was published."


def _without_gate(execution: Execution) -> Mapping[str, Any]:
    """Return the copy without the gate that it has if an agent proposed the run."""
    if execution.gate is None:
        return execution.frozen
    steps = [step for step in execution.frozen["steps"] if step["id"] != execution.gate]
    return {**execution.frozen, "steps": steps}


def _written(facts: Facts, child: Execution) -> list[object]:
    """Return the lists of steps that the step has which created the child."""
    parent = facts.execution_of.get(child.parent or "")
    steps = facts.steps_of[parent.id] if parent is not None else []
    step = next((each for each in steps if each.id == child.parent_step), None)
    if parent is None or step is None:
        return []
    definition = facts.definition_of(parent, step)
    branches = definition.get("branches", {})
    return [branches.get(child.child_name)] if branches else [definition.get("steps")]


RULES = (the_frozen_copy_runs,)
