"""Child runs: each is created once, not too many run at once, and their parent waits for all of them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chaos.checker.facts import FINAL, Execution, Facts, Step, by
from chaos.checker.violations import Finding

TYPES = ("runbook", "parallel")
EDGE = 0.1  # seconds between the clocks of two processes, each of which is synchronised with the database's

Round = tuple[Execution, Step, Mapping[str, Any], Sequence[Execution]]


def _rounds(facts: Facts) -> Iterator[Round]:
    """Yield the parent, its step, the step's definition, and the children that one attempt of it has created."""
    for parent in facts.executions:
        children = by(facts.children_of[parent.id], "parent_step")
        for step in facts.steps_of[parent.id] if children else ():
            for found in by(children[step.id], "child_round").values():
                yield parent, step, facts.definition_of(parent, step), found


def _latest(facts: Facts) -> Iterator[Round]:
    """Yield what the last attempt of each step that is over has created."""
    last = {(parent.id, step.id): each for each in _rounds(facts) for parent, step in [each[:2]]}
    yield from (each for each in last.values() if each[1].status in ("succeeded", "failed"))


def total_of(definition: Mapping[str, Any]) -> int:
    """Return how many children the step must have."""
    if definition["type"] == "parallel":
        return len(definition["branches"])
    return len(json.loads(definition["foreach"]))


def need_of(definition: Mapping[str, Any]) -> int:
    """Return how many children must succeed."""
    need, total = definition.get("need", "all"), total_of(definition)
    return int({"all": total, "any": 1}.get(need, need))


def children_are_created_once(facts: Facts) -> Iterator[Finding]:
    """There is one child for each item of each attempt, and a step that succeeded has created them."""
    for parent, step, definition, children in _rounds(facts):
        indexes = sorted(child.child_index for child in children)
        if indexes != list(range(total_of(definition))):
            yield parent.id, f"{step.key} created children for {indexes} of {total_of(definition)} items."
    for parent in facts.executions:
        known = {child.parent_step for child in facts.children_of[parent.id]}
        for step in facts.steps_of[parent.id]:
            is_done = step.type in TYPES and step.status == "succeeded" and not step.carried_over
            if is_done and step.id not in known:
                yield parent.id, f"{step.key} succeeded, but has no children."


def children_belong_to_a_step(facts: Facts) -> Iterator[Finding]:
    """A child's parent has the step that created it, and its tag."""
    for parent_id, children in facts.children_of.items():
        parent = facts.execution_of.get(parent_id)
        creating = {step.id for step in facts.steps_of[parent_id] if step.type in TYPES}
        for child in children:
            if parent is None or child.parent_step not in creating or child.tag != parent.tag:
                yield child.id, f"{child.id} is a child of {parent_id}, which did not create it."


def not_too_many_run_at_once(facts: Facts) -> Iterator[Finding]:
    """Never more children of a step are under way than its `concurrency` allows."""
    for parent, step, definition, children in _rounds(facts):
        most = total_of(definition) if definition["type"] == "parallel" else definition.get("concurrency", 1)
        for child in children:
            if child.started_at is None:
                continue
            at = child.started_at.timestamp() + EDGE
            others = [each.id for each in children if _is_under_way(facts, each, at)]
            if len(others) > most:
                yield parent.id, f"{step.key} had {len(others)} children under way at once; allowed: {most}."
                break


def _is_under_way(facts: Facts, child: Execution, at: float) -> bool:
    if child.started_at is None or all(step.carried_over for step in facts.steps_of[child.id]):
        return False
    ended = child.finished_at.timestamp() if child.finished_at else float("inf")
    return child.started_at.timestamp() <= at <= ended


def parents_end_last(facts: Facts) -> Iterator[Finding]:
    """A run, and the step that created the children, end after all of them, unless the run was refused."""
    for parent, step, _, children in _rounds(facts):
        if parent.is_refused:
            continue
        for child in children:
            ended = _end(child)
            if parent.is_final and _end(parent) < ended - EDGE:
                yield (
                    parent.id,
                    f"{parent.id} is {parent.status}; its child {child.id} ended later or not at all.",
                )
            elif step.finished_at is not None and step.finished_at.timestamp() < ended - EDGE:
                yield (
                    parent.id,
                    f"{step.key} is {step.status}; its child {child.id} ended later or not at all.",
                )


def _end(execution: Execution) -> float:
    ended: datetime | None = execution.finished_at
    return ended.timestamp() if execution.status in FINAL and ended else float("inf")


def nobody_waits_for_children_that_are_over(facts: Facts) -> Iterator[Finding]:
    for execution in facts.executions:
        is_over = all(child.is_final for child in facts.children_of[execution.id])
        if execution.waiting_for == "children" and is_over:
            yield execution.id, f"{execution.id} waits for children that are all over."


def steps_come_to_what_their_children_came_to(facts: Facts) -> Iterator[Finding]:
    """A step succeeds if and only if enough of its children have, and its output says how each ended."""
    for parent, step, definition, children in _latest(facts):
        if step.carried_over:
            continue
        counts, need = Counter(child.status for child in children), need_of(definition)
        if (step.status == "succeeded") != (counts["succeeded"] >= need):
            yield parent.id, f"{step.key} is {step.status}; it needs {need} of its children: {dict(counts)}."
        said = [(each["execution_id"], each["name"], each["status"]) for each in _output(step)]
        if said != [(child.id, child.child_name, child.status) for child in children]:
            yield parent.id, f"{step.key} says of its children {said}, which is not how they ended."


def _output(step: Step) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (step.output or {}).get("children", ())
    return found


def what_succeeded_in_a_child_is_not_repeated(facts: Facts) -> Iterator[Finding]:
    """A retry of the parent carries over every child that succeeded, and neither calls nor runs anything in it."""
    for parent in facts.executions:
        before = _last_by_place(facts, parent.retry_of) if parent.parent is None and parent.retry_of else {}
        for child in facts.children_of[parent.id]:
            old = before.get((child.parent_step, child.child_index))
            if old is None or old.status != "succeeded":
                continue
            calls = [
                step
                for step in facts.steps_of[child.id]
                if facts.calls_of[step.key] or facts.traces_of[step.key]
            ]
            if calls or child.status != "succeeded":
                yield (
                    child.id,
                    f"{child.id} is {child.status} and did something, although {old.id} had succeeded.",
                )


def _last_by_place(facts: Facts, parent_id: str) -> Mapping[tuple[str | None, int], Execution]:
    return {(each.parent_step, each.child_index): each for each in facts.children_of[parent_id]}


def count(facts: Facts) -> int:
    return sum(execution.parent is not None for execution in facts.executions)


RULES = (
    children_are_created_once,
    children_belong_to_a_step,
    not_too_many_run_at_once,
    parents_end_last,
    nobody_waits_for_children_that_are_over,
    steps_come_to_what_their_children_came_to,
    what_succeeded_in_a_child_is_not_repeated,
)
