"""Print how an upgrade went: who worked in each phase, and whether every promise was kept."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from chaos.checker.promises import verdicts
from chaos.releases.play import Result


def print_upgrade(result: Result, console: Console) -> None:
    table = Table("phase", "seconds", "claims by the last release", "by this one")
    for phase in result.phases:
        pids = [claim.pid for claim in result.claims if phase.begun <= claim.at < phase.ended]
        ours = sum(pid in result.ours for pid in pids)
        table.add_row(phase.name, f"{phase.ended - phase.begun:.1f}", str(len(pids) - ours), str(ours))
    console.print(table)
    for verdict in verdicts(result.facts, result.violations):
        console.print(f"{verdict.sentence}: {verdict.broken} (checked {verdict.checked})", highlight=False)
    for line in _summary(result):
        console.print(line, highlight=False)
    for violation in result.violations:
        console.print(f"VIOLATION {violation}", markup=False, highlight=False, soft_wrap=True)


def shared(result: Result) -> set[str]:
    """Return the executions that workers of both releases worked on."""
    theirs = {claim.execution_id for claim in result.claims if claim.pid not in result.ours}
    return {claim.execution_id for claim in result.claims if claim.pid in result.ours} & theirs


def _summary(result: Result) -> Iterator[str]:
    facts = result.facts
    yield (
        f"{len(facts.executions)} executions, {len(facts.messages)} messages, {len(facts.decisions)} decisions, "
        f"{len(facts.calls)} calls; both releases worked on {len(shared(result))} of the executions"
    )
    trail = result.trail
    yield f"audit trail: {trail.sealed} entries sealed, {trail.broken or 'intact'}"
    yield f"left to do: {result.left or 'nothing'}"
    yield f"{len(result.violations)} violations"
