"""A run executes the requested version exactly as it was published."""

from collections.abc import Iterator

from chaos.checker.facts import Facts
from chaos.checker.violations import Finding


def the_frozen_copy_runs(facts: Facts) -> Iterator[Finding]:
    for execution in facts.executions:
        if execution.frozen != execution.published:
            version = f"version {execution.version} of {execution.runbook}"
            yield execution.id, f"{execution.id} does not run {version} as it was published."


RULES = (the_frozen_copy_runs,)
