"""Steps that take too long, or that kill their workers, are ended."""

from collections.abc import Iterator, Mapping
from typing import Any

from chaos.checker.facts import Execution, Facts, Step
from chaos.checker.rules.effects import timeout_of
from chaos.checker.violations import Finding

POISON = "long-poison"  # the runbook whose command kills its worker
ENOUGH, ENOUGH_IN_A_STORM = 3, 10  # deaths; in a storm workers also die of other things
CALM = 60.0  # seconds before its first death
MARGIN = 5.0  # seconds, some of which pass between two attempts


def _limited(facts: Facts) -> Iterator[tuple[Execution, Step, float]]:
    """Yield finished steps with a limit, and the seconds that all their attempts together may take."""
    for execution in facts.executions:
        for step in facts.steps_of[execution.id]:
            limit = _limit(facts.definition_of(execution, step))
            if limit is not None and step.started_at is not None and step.finished_at is not None:
                yield execution, step, limit


def _limit(definition: Mapping[str, Any]) -> float | None:
    timeout = timeout_of(definition)
    return timeout * int((definition.get("retry") or {}).get("attempts", 1)) if timeout else None


def steps_keep_their_deadline(facts: Facts) -> Iterator[Finding]:
    """The limit is for the whole step. Time frozen or waiting for a worker does not count; harmed steps are exempt."""
    waited = {wait.execution_id: wait.seconds for wait in facts.waits}
    for execution, step, limit in _limited(facts):
        assert step.started_at is not None
        assert step.finished_at is not None
        seconds = (step.finished_at - step.started_at).total_seconds()
        harmed = facts.harmed(step.started_at.timestamp() - limit, step.finished_at.timestamp())
        held = facts.frozen_seconds(step.started_at.timestamp(), step.finished_at.timestamp())
        if seconds > limit + MARGIN + held + waited.get(execution.id, 0.0) and not harmed:
            yield execution.id, f"The step {step.key} took {seconds:.1f} s; its limit is {limit:g} s."


def _poisoned(facts: Facts) -> list[Execution]:
    return [execution for execution in facts.executions if execution.runbook == POISON]


def poison_is_stopped(facts: Facts) -> Iterator[Finding]:
    """Poison may kill three workers, plus one per `run_again` verdict; more in a storm, when deaths are ambiguous."""
    for execution in _poisoned(facts):
        steps = facts.steps_of[execution.id]
        begun = sum(trace.word == "begin" for step in steps for trace in facts.traces_of[step.key])
        begin = execution.created_at.timestamp() - CALM
        in_a_storm = any(death > begin for death in facts.other_deaths)
        most = (ENOUGH_IN_A_STORM if in_a_storm else ENOUGH) + sum(facts.run_again(step) for step in steps)
        if begun > most:
            yield execution.id, f"{execution.id} killed its worker {begun} times; the limit is {most}."


def count(facts: Facts) -> int:
    """Return how many steps and executions these rules check."""
    return sum(1 for _ in _limited(facts)) + len(_poisoned(facts))


RULES = (steps_keep_their_deadline, poison_is_stopped)
