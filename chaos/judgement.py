"""Print what the checker found: a line for each promise, a summary, and a sentence for each violation."""

from collections.abc import Iterable, Sequence

from rich.console import Console

from chaos.checker.facts import Facts
from chaos.checker.promises import verdicts
from chaos.checker.violations import Violation


def print_judgement(
    facts: Facts, violations: Sequence[Violation], summary: Iterable[str], console: Console
) -> None:
    for verdict in verdicts(facts, violations):
        console.print(f"{verdict.sentence}: {verdict.broken} (checked {verdict.checked})", highlight=False)
    for line in summary:
        console.print(line, highlight=False)
    for violation in violations:
        console.print(f"VIOLATION {violation}", markup=False, highlight=False, soft_wrap=True)
