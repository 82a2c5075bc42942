"""The world of these tests keeps every promise, and every rule is tried."""

import ast
import re
from pathlib import Path

import chaos.checker
from chaos.checker.check import check
from chaos.checker.facts import Facts
from chaos.checker.promises import RULES

from .world import kept

FOLDER = Path(chaos.checker.__file__).parent
PRODUCT = {"core", "bot", "workers", "cli", "migrations", "slack_sandbox"}


def test_nothing_is_said_of_a_world_in_which_all_promises_were_kept() -> None:
    assert check(kept()) == []


def test_nothing_is_said_of_an_empty_world() -> None:
    assert check(Facts()) == []


def test_every_rule_is_seen_to_fail_by_a_test() -> None:
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    tried = set(re.findall(r'"(\w+)"', tests))
    assert {rule.__name__ for rule in RULES} - tried == set()


def test_the_checker_imports_nothing_of_the_product() -> None:
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names}.isdisjoint(PRODUCT), file
