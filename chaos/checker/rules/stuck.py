"""Nothing that is due waits for more than a minute, even after a worker is lost."""

from collections.abc import Iterator

from chaos.checker.facts import Facts
from chaos.checker.violations import Finding

LONGEST = 60.0  # seconds


def nobody_is_stuck(facts: Facts) -> Iterator[Finding]:
    """No execution is due and untouched for more than LONGEST seconds while everything is up."""
    for wait in facts.waits:
        if wait.seconds > LONGEST:
            yield (
                wait.execution_id,
                f"{wait.execution_id} was due, but no worker touched it for {wait.seconds:.0f} s.",
            )


def executions_recover(facts: Facts) -> Iterator[Finding]:
    """Another worker continues the runs of a lost worker within a minute."""
    for recovery in facts.recoveries:
        if recovery.seconds > LONGEST:
            seconds = f"{recovery.seconds:.1f} s"
            yield recovery.execution_id, f"No worker continued {recovery.execution_id} for {seconds}."


RULES = (nobody_is_stuck, executions_recover)
