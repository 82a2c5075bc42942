"""Print what was found: throughput as hosts join, what each fault did, and whether every promise was kept."""

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from chaos.hosts.faults import Struck
from chaos.hosts.play import Result
from chaos.hosts.throughput import STEP_SECONDS, STEPS
from chaos.judgement import print_judgement
from chaos.probing import describe, during

MARGIN = 1.0  # seconds between a fault and its record

TITLES = ("fault", "host", "lasted s", "runs taken over", "after s (longest)", "at work again after s")


def print_hosts(result: Result, console: Console) -> None:
    if result.rates:
        console.print(_throughput(result))
    console.print(_faults(result))
    print_judgement(result.facts, result.violations, _summary(result), console)


def _throughput(result: Result) -> Table:
    title = f"runs of {STEPS} calls of {STEP_SECONDS:g} s; processor time of each"
    kinds = [f"{kind} ms" for kind in result.rates[0].costs]
    table = Table("hosts for workers", "runs a second", "of one host", "processors busy", *kinds, title=title)
    alone = result.rates[0].a_second
    for rate in result.rates:
        times = f"{rate.a_second / alone:.2f}"
        costs = [f"{1000 * seconds:.0f}" for seconds in rate.costs.values()]
        table.add_row(str(rate.hosts), f"{rate.a_second:.2f}", times, f"{rate.busy:.0%}", *costs)
    return table


def _faults(result: Result) -> Table:
    table = Table(*TITLES)
    for struck in result.struck:
        table.add_row(*_row(result, struck))
    return table


def _row(result: Result, struck: Struck) -> Iterator[str]:
    yield from (struck.fault, struck.host, f"{struck.ended - struck.begun:.0f}")
    seconds = [
        each.seconds
        for each in result.journal.recoveries
        if each.fault == struck.name and struck.begun - MARGIN <= each.lost_at <= struck.ended
    ]
    yield from (str(len(seconds)), f"{max(seconds):.1f}") if seconds else ("–", "–")
    yield "never" if struck.back is None else f"{struck.back:.1f}"


def _probes(result: Result) -> Iterator[str]:
    """Yield what a client saw that repeats nothing, in each fault and while nothing was wrong."""
    ends = [each.ended + (each.back or 0.0) for each in result.struck]
    times: dict[float, float] = {}
    for each, end in zip(result.struck, ends, strict=True):
        times[each.begun] = max(end, times.get(each.begun, 0.0))
    for begun, ended in times.items():
        probes = during(result.probes, begun, ended)
        slowest = max((each.seconds for each in probes), default=0.0)
        hosts = ", ".join(each.name for each in result.struck if each.begun == begun)
        yield f"requests that failed, {hosts}: {describe(probes)}; the slowest took {slowest:.1f} s"
    yield f"requests that failed in all: {describe(result.probes)}"


def _summary(result: Result) -> Iterator[str]:
    facts = result.facts
    statuses = Counter(execution.status for execution in facts.executions)
    yield (
        f"{len(facts.executions)} executions ({', '.join(f'{n} {s}' for s, n in statuses.most_common())}), "
        f"{len(facts.calls)} calls, {len(facts.messages)} messages, {len(facts.decisions)} decisions"
    )
    yield f"runs taken over from hosts that met a fault: {len(result.journal.recoveries)}"
    yield from _probes(result)
    outcomes = Counter(delivery.outcome for delivery in facts.deliveries)
    yield "Slack deliveries: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    yield f"left to do: {result.left or 'nothing'}"
    yield f"{len(result.violations)} violations"
