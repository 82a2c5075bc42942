"""All rules over all facts."""

from chaos.checker.facts import Facts
from chaos.checker.rules import audit, effects, endings, gates, locks, messages, order, requests, versions
from chaos.checker.violations import Rule, Violation

RULES: tuple[Rule, ...] = (
    *requests.RULES,
    *effects.RULES,
    *order.RULES,
    *endings.RULES,
    *messages.RULES,
    *gates.RULES,
    *audit.RULES,
    *locks.RULES,
    *versions.RULES,
)


def check(facts: Facts) -> list[Violation]:
    """Every violation; none where all promises were kept."""
    return [
        Violation(rule.__name__, subject, sentence) for rule in RULES for subject, sentence in rule(facts)
    ]
