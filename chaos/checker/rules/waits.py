"""Waits last as long as defined, and a workflow that waits for a run continues when it ends."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import chain
from typing import Any

from chaos.checker.facts import Execution, Facts, Step, WorkflowExecution, by
from chaos.checker.rules.effects import SECONDS
from chaos.checker.violations import Finding

UNTRIED = ("pending", "skipped", "cancelled")


def _actions(facts: Facts, type_: str) -> Iterator[tuple[WorkflowExecution, Step, Mapping[str, Any]]]:
    for workflow in facts.workflows:
        for action in facts.actions_of[workflow.id]:
            if action.type == type_:
                yield workflow, action, workflow.frozen["actions"][action.position]


def _awaited(facts: Facts) -> Iterator[tuple[WorkflowExecution, Step, list[Execution]]]:
    """Yield the started actions that wait for a run to end, with the runs they started."""
    started = by(facts.executions, "workflow_execution_id")
    for workflow, action, definition in _actions(facts, "runbook"):
        if definition.get("wait") and action.status not in UNTRIED:
            yield workflow, action, [each for each in started[workflow.id] if each.awaited_by == action.id]


def _pauses(facts: Facts) -> Iterator[tuple[Step, float]]:
    """Yield finished `wait` steps and `delay` actions with the seconds that they are defined to last."""
    waits = (
        (step, facts.definition_of(execution, step))
        for execution in facts.executions
        for step in facts.steps_of[execution.id]
        if step.type == "wait"
    )
    delays = ((action, definition) for _, action, definition in _actions(facts, "delay"))
    for step, definition in chain(waits, delays):
        said = SECONDS.fullmatch(str(definition["for"]))
        if said and step.status == "succeeded":
            yield step, float(said[1])


def pauses_last(facts: Facts) -> Iterator[Finding]:
    for step, seconds in _pauses(facts):
        assert step.started_at is not None
        assert step.finished_at is not None
        if step.finished_at - step.started_at < timedelta(seconds=seconds):
            lasted = (step.finished_at - step.started_at).total_seconds()
            yield step.execution_id, f"{step.key} lasted {lasted:.2f} s instead of {seconds:g} s."


def one_run_an_action(facts: Facts) -> Iterator[Finding]:
    """Each action starts one run, however often its worker dies."""
    started = by([each for each in facts.executions if each.parent is None], "workflow_execution_id")
    for workflow, action, _ in _actions(facts, "runbook"):
        count = len(started[workflow.id])
        if count != int(action.status not in UNTRIED):
            yield workflow.id, f"The action {action.key} is {action.status}, but started {count} runbooks."


def awaited_ends_are_reported(facts: Facts) -> Iterator[Finding]:
    """An action ends after the run it waits for, and its output says how the run ended."""
    for workflow, action, runs in _awaited(facts):
        for run in runs:
            if run.finished_at is None:
                if action.finished_at is not None:
                    yield workflow.id, f"{action.key} is over, but {run.id} is {run.status}."
            elif action.finished_at is None:
                yield workflow.id, f"{run.id} is {run.status}, but {action.key} still waits for it."
            elif action.finished_at < run.finished_at:
                yield workflow.id, f"{action.key} was over before {run.id} was."
            elif _told(action) != (run.id, run.status):
                yield workflow.id, f"{action.key} says {_told(action)}, but {run.id} is {run.status}."


def _told(action: Step) -> tuple[object, object]:
    output = action.output if isinstance(action.output, dict) else {}
    return output.get("execution_id"), output.get("status")


def workflows_come_to_their_end(facts: Facts) -> Iterator[Finding]:
    """Workflows that tolerate their run's failure succeed, whatever faults there were."""
    for workflow, action, _ in _awaited(facts):
        if workflow.is_final and workflow.status != "succeeded":
            yield (
                workflow.id,
                f"{workflow.id} is {workflow.status}; its action {action.id} is {action.status}.",
            )


def workflows_speak_once(facts: Facts) -> Iterator[Finding]:
    """A workflow posts its message once, naming the run that it waited for and how it ended."""
    said = Counter(message.text for message in facts.messages)
    ends = {workflow.id: f" {run.id} {run.status}" for workflow, _, runs in _awaited(facts) for run in runs}
    for workflow, action, _ in _actions(facts, "message"):
        if action.status != "succeeded":
            continue
        text = str(action.output["text"])
        if said[text] != 1:
            yield workflow.id, f"{action.key} succeeded, but was posted {said[text]} times."
        if not text.endswith(ends.get(workflow.id, "")):
            yield workflow.id, f"{action.key} posted {text!r}, not{ends[workflow.id]}."


def count(facts: Facts) -> int:
    """Return how many waits there were."""
    return sum(1 for _ in chain(_pauses(facts), _awaited(facts)))


RULES = (
    pauses_last,
    one_run_an_action,
    awaited_ends_are_reported,
    workflows_come_to_their_end,
    workflows_speak_once,
)
