"""Nothing that is due waits for long: not after a death, not at any time."""

from collections.abc import Iterator

from chaos.checker.facts import Facts
from chaos.checker.violations import Finding

LONGEST = 60.0  # seconds


def nobody_is_stuck(facts: Facts) -> Iterator[Finding]:
    """Due, and untouched for so long while everything was up."""
    for wait in facts.waits:
        if wait.seconds > LONGEST:
            yield (
                wait.execution_id,
                f"{wait.execution_id} was due, and nobody touched it for {wait.seconds:.0f} s.",
            )


def executions_recover(facts: Facts) -> Iterator[Finding]:
    """Within a minute somebody goes on with what a lost worker held."""
    for recovery in facts.recoveries:
        if recovery.seconds > LONGEST:
            seconds = f"{recovery.seconds:.1f} s"
            yield recovery.execution_id, f"Nobody went on with {recovery.execution_id} for {seconds}."


RULES = (nobody_is_stuck, executions_recover)
