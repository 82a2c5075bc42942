"""The promises cover all rules, and say what they were held against."""

from pathlib import Path

import chaos.checker.rules
from chaos.checker.check import check
from chaos.checker.facts import Wait
from chaos.checker.promises import PROMISES, RULES, verdicts

from .world import RUN, kept, plus


def test_every_rule_belongs_to_one_promise() -> None:
    assert len({rule.__name__ for rule in RULES}) == len(RULES)


def test_every_file_of_rules_belongs_to_a_promise() -> None:
    files = {file.stem for file in Path(chaos.checker.rules.__file__).parent.glob("[a-z]*.py")}
    assert {rule.__module__.rpartition(".")[2] for rule in RULES} == files


def test_a_world_that_keeps_all_has_something_to_hold_most_against() -> None:
    counts = {verdict.sentence: verdict.checked for verdict in verdicts(kept(), [])}
    assert counts["unsafe steps called twice"] == 4  # a call and a command of each run
    assert counts["gates decided wrongly"] == 2
    assert counts["messages missing or duplicated"] == len(kept().messages)


def test_a_violation_counts_for_its_promise_alone() -> None:
    facts = plus(kept(), "waits", Wait(RUN, 61))
    broken = {verdict.sentence: verdict.broken for verdict in verdicts(facts, check(facts))}
    assert broken.pop("executions stuck for more than 60 s") == 1
    assert set(broken.values()) == {0}
    assert len(broken) == len(PROMISES) - 1
