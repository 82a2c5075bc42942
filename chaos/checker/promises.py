"""The promises, each with the rules that check it and the number of cases that were checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.checker.facts import Facts
from chaos.checker.rules import (
    audit,
    children,
    deadlines,
    effects,
    endings,
    finals,
    freezes,
    gates,
    inputs,
    locks,
    messages,
    order,
    polls,
    requests,
    retries,
    stuck,
    versions,
    waits,
)
from chaos.checker.violations import Rule, Violation

OUTSIDE = ("http", "shell")


@dataclass(frozen=True)
class Promise:
    """A promise. `sentence`: what must not happen, as reported. `count`: returns the number of cases in the facts."""

    sentence: str
    rules: Sequence[Rule]
    count: Callable[[Facts], int]


@dataclass(frozen=True)
class Verdict:
    """The result for a promise: how many cases were checked, and how many broke it."""

    sentence: str
    checked: int
    broken: int


def _unsafe(facts: Facts) -> int:
    steps = [(execution, step) for execution in facts.executions for step in facts.steps_of[execution.id]]
    return sum(
        step.type in OUTSIDE
        and step.started_at is not None
        and not effects.is_safe(facts.definition_of(execution, step))
        for execution, step in steps
    )


def _outside(facts: Facts) -> int:
    return len(facts.calls) + sum(trace.word == "begin" for trace in facts.traces)


def _all_executions(facts: Facts) -> int:
    return len(facts.executions) + len(facts.workflows)


PROMISES = (
    Promise(
        "executions lost or duplicated",
        requests.ACKNOWLEDGED,
        lambda facts: len(facts.asked) + len(facts.workflows),
    ),
    Promise("unsafe steps called twice", effects.ONCE, _unsafe),
    Promise("unexplained calls and commands", effects.EXPLAINED, _outside),
    Promise("executions stuck for more than 60 s", stuck.RULES, _all_executions),
    Promise("executions that never ended", endings.RULES, _all_executions),
    Promise("messages missing or duplicated", messages.RULES, lambda facts: len(facts.messages)),
    Promise("gates decided wrongly", gates.RULES, lambda facts: len(facts.gates)),
    Promise("audit entries missing or duplicated", audit.RULES, lambda facts: len(facts.audit)),
    Promise("steps out of order or after a cancel", order.RULES, lambda facts: len(facts.steps)),
    Promise("steps past their deadline, poison not stopped", deadlines.RULES, deadlines.count),
    Promise(
        "locks held twice or not released",
        locks.RULES,
        lambda facts: sum(bool(e.lock_name) for e in facts.executions),
    ),
    Promise("workflows that did not wait or report", waits.RULES, waits.count),
    Promise("started or called in a freeze, or held forever", freezes.RULES, freezes.count),
    Promise("retried twice, or repeated by a retry", retries.RULES, retries.count),
    Promise("children lost, repeated, or left behind by their parents", children.RULES, children.count),
    Promise("finally steps missing, or changing an outcome", finals.RULES, finals.count),
    Promise("polls that asked, hurried or did not end", polls.RULES, polls.count),
    Promise("values lost, mixed up or given twice", inputs.RULES, lambda facts: len(facts.inputs)),
    Promise("runs of the wrong version", versions.RULES, lambda facts: len(facts.executions)),
    Promise(
        "Slack answered after 3 s without Redis",
        requests.WITHOUT_REDIS,
        lambda facts: len(facts.without_redis),
    ),
)
RULES = tuple(rule for promise in PROMISES for rule in promise.rules)


def verdicts(facts: Facts, violations: Sequence[Violation]) -> list[Verdict]:
    """Return one verdict per promise."""
    return [
        Verdict(promise.sentence, promise.count(facts), _broken(promise, violations)) for promise in PROMISES
    ]


def _broken(promise: Promise, violations: Sequence[Violation]) -> int:
    names = {rule.__name__ for rule in promise.rules}
    return sum(violation.rule in names for violation in violations)
