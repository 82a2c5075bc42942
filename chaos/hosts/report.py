"""Print what was found: throughput as hosts join, what each fault did, and whether every promise was kept."""

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from chaos.checker.promises import verdicts
from chaos.hosts.faults import Struck
from chaos.hosts.play import Result
from chaos.hosts.throughput import STEP_SECONDS, STEPS
from chaos.report import percentile

TITLES = (
    "fault",
    "hosts",
    "lasted s",
    "runs taken over",
    "after s, p50",
    "max",
    "back after s",
    "requests failed",
    "slowest s",
)


def print_hosts(result: Result, console: Console) -> None:
    if result.rates:
        console.print(_throughput(result))
    console.print(_faults(result))
    for verdict in verdicts(result.facts, result.violations):
        console.print(f"{verdict.sentence}: {verdict.broken} (checked {verdict.checked})", highlight=False)
    for line in _summary(result):
        console.print(line, highlight=False)
    for violation in result.violations:
        console.print(f"VIOLATION {violation}", markup=False, highlight=False, soft_wrap=True)


def _throughput(result: Result) -> Table:
    title = f"runs of {STEPS} calls of {STEP_SECONDS:g} s"
    table = Table("hosts for workers", "runs a second", "of one host", "processors busy", title=title)
    alone = result.rates[0].a_second
    for rate in result.rates:
        times = f"{rate.a_second / alone:.2f}"
        table.add_row(str(rate.hosts), f"{rate.a_second:.2f}", times, f"{rate.busy:.0%}")
    return table


def _faults(result: Result) -> Table:
    table = Table(*TITLES)
    for struck in result.struck:
        table.add_row(*_row(result, struck))
    return table


def _row(result: Result, struck: Struck) -> Iterator[str]:
    yield struck.fault
    yield " ".join(struck.hosts) if len(struck.hosts) < 4 else "all, one after the other"
    yield f"{struck.ended - struck.begun:.0f}"
    recovered = [
        each.seconds
        for each in result.journal.recoveries
        if each.fault == struck.fault and struck.begun <= each.lost_at <= struck.ended
    ]
    yield str(len(recovered))
    yield from (f"{percentile(recovered, share):.1f}" if recovered else "–" for share in (0.5, 1.0))
    yield " ".join("never" if each is None else f"{each:.1f}" for each in struck.back)
    probes = result.probing.between(struck.begun, struck.ended)
    failed = Counter(each.error for each in probes if each.error)
    yield f"{failed.total()} of {len(probes)}"
    yield f"{max((each.seconds for each in probes), default=0.0):.1f}"


def _summary(result: Result) -> Iterator[str]:
    facts = result.facts
    statuses = Counter(execution.status for execution in facts.executions)
    yield (
        f"{len(facts.executions)} executions ({', '.join(f'{n} {s}' for s, n in statuses.most_common())}), "
        f"{len(facts.calls)} calls, {len(facts.messages)} messages, {len(facts.decisions)} decisions"
    )
    failed = Counter(each.error for each in result.probing.between(0, float("inf")) if each.error)
    yield f"requests that failed in all: {', '.join(f'{n} {e}' for e, n in failed.items()) or 'none'}"
    outcomes = Counter(delivery.outcome for delivery in facts.deliveries)
    yield "Slack deliveries: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    yield f"left to do: {result.left or 'nothing'}"
    yield f"{len(result.violations)} violations"
