"""Apply all rules to all facts."""

from chaos.checker.facts import Facts
from chaos.checker.promises import RULES
from chaos.checker.violations import Violation


def check(facts: Facts) -> list[Violation]:
    """Return every violation; an empty list if all promises were kept."""
    return [
        Violation(rule.__name__, subject, sentence) for rule in RULES for subject, sentence in rule(facts)
    ]
