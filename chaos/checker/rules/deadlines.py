"""What takes too long, or kills who runs it, comes to an end all the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from chaos.checker.facts import Execution, Facts, Step
from chaos.checker.rules.effects import timeout_of
from chaos.checker.violations import Finding

POISON = "long-poison"  # the runbook whose command kills its worker
ENOUGH, ENOUGH_IN_A_STORM = 3, 10  # deaths; a storm: workers die of other things, too
CALM = 60.0  # seconds before the first of its deaths
MARGIN = 5.0  # seconds, of which some go by between two attempts


def _limited(facts: Facts) -> Iterator[tuple[Execution, Step, float]]:
    """Steps that are over and may take so many seconds in all their attempts."""
    for execution in facts.executions:
        for step in facts.steps_of[execution.id]:
            limit = _limit(facts.definition_of(execution, step))
            if limit is not None and step.started_at is not None and step.finished_at is not None:
                yield execution, step, limit


def _limit(definition: Mapping[str, Any]) -> float | None:
    timeout = timeout_of(definition)
    return timeout * int((definition.get("retry") or {}).get("attempts", 1)) if timeout else None


def steps_keep_their_deadline(facts: Facts) -> Iterator[Finding]:
    """In all, not for each byte; not while frozen, or due and no worker free; but for those that something befell."""
    waited = {wait.execution_id: wait.seconds for wait in facts.waits}
    for execution, step, limit in _limited(facts):
        assert step.started_at is not None
        assert step.finished_at is not None
        seconds = (step.finished_at - step.started_at).total_seconds()
        harmed = facts.harmed(step.started_at.timestamp() - limit, step.finished_at.timestamp())
        held = facts.frozen_seconds(step.started_at.timestamp(), step.finished_at.timestamp())
        if seconds > limit + MARGIN + held + waited.get(execution.id, 0.0) and not harmed:
            yield execution.id, f"The step {step.key} took {seconds:.1f} s; it may take {limit:g} s."


def _poisoned(facts: Facts) -> list[Execution]:
    return [execution for execution in facts.executions if execution.runbook == POISON]


def poison_is_put_away(facts: Facts) -> Iterator[Finding]:
    """It kills its worker three times and no more, unless people say: run it again; in a storm it takes longer."""
    for execution in _poisoned(facts):
        steps = facts.steps_of[execution.id]
        begun = sum(trace.word == "begin" for step in steps for trace in facts.traces_of[step.key])
        begin = execution.created_at.timestamp() - CALM
        in_a_storm = any(death > begin for death in facts.other_deaths)
        most = (ENOUGH_IN_A_STORM if in_a_storm else ENOUGH) + sum(facts.run_again(step) for step in steps)
        if begun > most:
            yield execution.id, f"{execution.id} killed its worker {begun} times; {most} are enough."


def count(facts: Facts) -> int:
    """How many steps and executions these rules look at."""
    return sum(1 for _ in _limited(facts)) + len(_poisoned(facts))


RULES = (steps_keep_their_deadline, poison_is_put_away)
