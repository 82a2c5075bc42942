"""The promises, each with the rules that hold it and how much there was to hold it against."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chaos.checker.facts import Facts
from chaos.checker.rules import (
    audit,
    deadlines,
    effects,
    endings,
    freezes,
    gates,
    locks,
    messages,
    order,
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
    """`sentence`: what must not be, as it stands in the report."""

    sentence: str
    rules: Sequence[Rule]
    count: Callable[[Facts], int]


@dataclass(frozen=True)
class Verdict:
    """What became of a promise: held against so many things, and broken so often."""

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
        "executions lost, or made twice",
        requests.ACKNOWLEDGED,
        lambda facts: len(facts.asked) + len(facts.workflows),
    ),
    Promise("unsafe steps called twice", effects.ONCE, _unsafe),
    Promise("calls and commands that nothing explains", effects.EXPLAINED, _outside),
    Promise("executions stuck for over 60 s", stuck.RULES, _all_executions),
    Promise("executions without an end", endings.RULES, _all_executions),
    Promise("messages missing or doubled", messages.RULES, lambda facts: len(facts.messages)),
    Promise("gates decided wrongly", gates.RULES, lambda facts: len(facts.gates)),
    Promise("audit rows missing or doubled", audit.RULES, lambda facts: len(facts.audit)),
    Promise("steps out of order, or after a cancel", order.RULES, lambda facts: len(facts.steps)),
    Promise("steps beyond their deadline, poison not put away", deadlines.RULES, deadlines.count),
    Promise(
        "locks held twice, or kept",
        locks.RULES,
        lambda facts: sum(bool(e.lock_name) for e in facts.executions),
    ),
    Promise("workflows that did not wait, or not tell", waits.RULES, waits.count),
    Promise("started, or called, in a freeze; held for ever", freezes.RULES, freezes.count),
    Promise("retried twice, or done again by a retry", retries.RULES, retries.count),
    Promise("runs of another version", versions.RULES, lambda facts: len(facts.executions)),
    Promise(
        "Slack answered after 3 s without Redis",
        requests.WITHOUT_REDIS,
        lambda facts: len(facts.without_redis),
    ),
)
RULES = tuple(rule for promise in PROMISES for rule in promise.rules)


def verdicts(facts: Facts, violations: Sequence[Violation]) -> list[Verdict]:
    """One a promise."""
    return [
        Verdict(promise.sentence, promise.count(facts), _broken(promise, violations)) for promise in PROMISES
    ]


def _broken(promise: Promise, violations: Sequence[Violation]) -> int:
    names = {rule.__name__ for rule in promise.rules}
    return sum(violation.rule in names for violation in violations)
