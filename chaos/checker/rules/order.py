"""Steps run in order, and none starts after a cancel."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, pairwise

from chaos.checker.facts import OPEN, Facts
from chaos.checker.violations import Finding

COMMITTING = timedelta(seconds=2)  # a cancel's time is taken when its transaction begins, before its commit


def steps_run_in_order(facts: Facts) -> Iterator[Finding]:
    """Steps start in order, except after a gate that needed approval again, which may be decided after later steps.

    The finally steps start in an order of their own.
    """
    for execution in facts.executions:
        pairs = chain(pairwise(facts.body_of(execution)), pairwise(facts.finally_of(execution)))
        for step, following in pairs:
            if following.started_at is None or facts.is_asked_again(step):
                continue
            if step.status in OPEN:
                yield (
                    step.execution_id,
                    f"The step {following.key} started while {step.key} was {step.status}.",
                )
            elif step.finished_at is not None and following.started_at < step.finished_at:
                yield step.execution_id, f"The step {following.key} started before {step.key} was over."


def calls_arrive_in_order(facts: Facts) -> Iterator[Finding]:
    """The first call of a step comes after the first call of every step before it."""
    for execution_id, steps in facts.steps_of.items():
        first = [facts.calls_of[step.key][0] for step in steps if facts.calls_of[step.key]]
        for call, following in pairwise(first):
            if following.at < call.at:
                yield execution_id, f"The call of {following.key} arrived before that of {call.key}."


def nothing_starts_after_a_cancel(facts: Facts) -> Iterator[Finding]:
    """No step of the run or of a child starts after its cancel, except the finally steps."""
    for entry in facts.audit:
        run = facts.execution_of.get(entry.subject)
        if entry.action != "runbook_execution.cancelled" or run is None:
            continue
        for step in chain.from_iterable(facts.body_of(each) for each in (run, *facts.below(run.id))):
            if step.started_at is not None and step.started_at > entry.created_at + COMMITTING:
                late = (step.started_at - entry.created_at).total_seconds()
                yield entry.subject, f"The step {step.key} started {late:.1f} s after the cancel."


RULES = (steps_run_in_order, calls_arrive_in_order, nothing_starts_after_a_cancel)
