"""Print the report of a campaign: a table of faults, the promises, a summary, and a sentence for each violation."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table

from chaos.campaign import Order, Result
from chaos.checker.rules.requests import PATIENCE
from chaos.checker.violations import Violation
from chaos.judgement import print_judgement
from chaos.process_group import UNCAUSED
from chaos.strikes.registry import STRIKES

FOREVER = float("inf")


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile by the nearest-rank method. `share`: 0.5 for the median. Needs at least one value."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def strikes_by_fault(result: Result) -> Mapping[str, Sequence[tuple[float, float]]]:
    """Return the periods in which each fault was active: strikes that were played, and planned kills."""
    found: dict[str, list[tuple[float, float]]] = {}
    for strike in result.journal.strikes:
        found.setdefault(strike.fault, []).append((strike.begun, strike.ended))
    played = set(found)
    for death in result.journal.deaths:
        if death.fault not in played:
            found.setdefault(death.fault, []).append((death.at, death.at))
    return found


def _life(result: Result, violation: Violation) -> tuple[float, float]:
    """Return the lifetime of the violation's subject: a strike in that period may have caused it."""
    for execution in result.facts.executions:
        if execution.id == violation.subject:
            return execution.created_at.timestamp(), _end(execution.finished_at)
    return 0.0, FOREVER


def _end(moment: datetime | None) -> float:
    return moment.timestamp() + 60 if moment else FOREVER


def _rows(result: Result) -> Iterator[list[str]]:
    lives = [_life(result, violation) for violation in result.violations]
    for fault, times in sorted(strikes_by_fault(result).items()):
        broken = sum(any(begun <= to and ended >= since for begun, ended in times) for since, to in lives)
        seconds = [each.seconds for each in result.journal.recoveries if each.fault == fault]
        recovery = (
            [f"{percentile(seconds, share):.1f}" for share in (0.5, 0.95, 1.0)] if seconds else ["–"] * 3
        )
        yield [fault, str(len(times)), str(broken), str(len(seconds)), *recovery]


def print_report(order: Order, result: Result, console: Console) -> None:
    """Print the report to the console."""
    table = Table(title=f"seed {order.seed}")
    for title in ("fault", "strikes", "violations during", "recoveries", "p50 s", "p95 s", "max s"):
        table.add_column(title, justify="left" if title == "fault" else "right")
    for row in _rows(result):
        table.add_row(*row)
    console.print(table)
    print_judgement(result.facts, result.violations, _summary(order, result), console)


def spread(values: Sequence[float]) -> str:
    """Return `p50 …, p95 …, p99 …, max …` for values in seconds, or a dash if there are none."""
    if not values:
        return "–"
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return ", ".join(f"{name} {percentile(values, share):.2f} s" for name, share in shares.items())


def _counted(answers: Mapping[str, int]) -> str:
    return ", ".join(f"{status} {count}" for status, count in sorted(answers.items()))


def _summary(order: Order, result: Result) -> Iterator[str]:
    facts, journal = result.facts, result.journal
    statuses = Counter(execution.status for execution in facts.executions)
    yield (
        f"{len(facts.executions)} executions ({', '.join(f'{n} {s}' for s, n in statuses.most_common())}), "
        f"{len(facts.calls)} calls, {len(facts.messages)} messages, {len(facts.decisions)} decisions, "
        f"{journal.clicks.total()} clicks"
    )
    yield (
        f"{journal.kills} kills in {result.seconds:.0f} s, including {result.settling:.0f} s to settle; "
        f"{len(facts.executions) / result.seconds:.2f} executions per second, "
        f"{60 * journal.kills / result.seconds:.0f} kills per minute"
    )
    recovered = [each.seconds for each in journal.recoveries]
    yield f"recoveries of runs whose worker was lost ({len(recovered)}): {spread(recovered)}"
    away = [delivery.seconds for delivery in facts.without_redis]
    late = sum(seconds > PATIENCE for seconds in away)
    yield f"answers to Slack while Redis was down ({len(away)}): {spread(away)}; over {PATIENCE:g} s: {late}"
    yield f"longest time that an execution was due: {max(journal.waits.values(), default=0.0):.0f} s"
    refused = sum(asked.refused for asked in facts.asked)
    yield f"{len(facts.freezes)} freezes; {refused} starts refused"
    retries = sum(execution.retry_of is not None for execution in facts.executions)
    yield f"{retries} retries; answers over REST: {_counted(journal.retries) or '–'}"
    if journal.races:
        races = ", ".join(f"{kind} {count}" for kind, count in journal.races.items())
        yield f"{journal.races.total()} decision races ({races}); answers: {_counted(journal.race_answers)}"
    outcomes = Counter(delivery.outcome for delivery in facts.deliveries)
    yield "Slack deliveries: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())
    if result.points:
        drawn = Counter(result.points)
        yield "planned kills by fail point: " + ", ".join(
            f"{point} {count}" for point, count in sorted(drawn.items())
        )
    ended = Counter(f"{death.name} ({death.status})" for death in journal.deaths if death.fault == UNCAUSED)
    if ended:
        yield "ended on their own: " + ", ".join(f"{name} {count}" for name, count in ended.items())
    if order.hurry != 1:
        yield f"posters ran at {order.hurry:g} times Slack's pace, which the sandbox allows"
    yield from filter(None, (strike.missing() for strike in STRIKES.values()))
    yield f"left to do: {result.left or 'nothing'}"
    yield f"{len(result.violations)} violations"
