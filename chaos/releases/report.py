"""Print how an upgrade went: who worked in each phase, and whether every promise was kept."""

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from chaos.judgement import print_judgement
from chaos.probing import describe, during
from chaos.releases.play import Result
from chaos.releases.working import LAST, OURS, shared


def print_upgrade(result: Result, console: Console) -> None:
    console.print(_phases(result))
    print_judgement(result.facts, result.violations, _summary(result), console)


def _phases(result: Result) -> Table:
    table = Table("phase", "seconds", "claims, answers: last release", "this release", "requests that failed")
    for phase in result.phases:
        deeds = [deed for deed in result.deeds if phase.begun <= deed.at < phase.ended]
        done = Counter((deed.release, deed.kind) for deed in deeds)
        of = (f"{done[release, 'worker']}, {done[release, 'web']}" for release in (LAST, OURS))
        failed = describe(during(result.probes, phase.begun, phase.ended))
        table.add_row(phase.name, f"{phase.ended - phase.begun:.1f}", *of, failed)
    return table


def _summary(result: Result) -> Iterator[str]:
    facts = result.facts
    yield (
        f"{len(facts.executions)} executions, {len(facts.messages)} messages, {len(facts.decisions)} decisions, "
        f"{len(facts.calls)} calls; both releases worked on {len(shared(result.deeds))} of the executions"
    )
    trail, (before, after) = result.trail, result.schemas
    yield f"schema: from {before} to {after}; requests that failed in all: {describe(result.probes)}"
    outcomes = Counter(delivery.outcome for delivery in facts.deliveries)
    yield "Slack deliveries: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    yield f"audit trail: {trail.sealed} entries sealed, {trail.broken or 'intact'}"
    yield f"left to do: {result.left or 'nothing'}"
    yield f"{len(result.violations)} violations"
