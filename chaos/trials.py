"""Try every guard, without it and with it: what breaks without the guard must not break with it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from chaos.campaign import Order, Result
from chaos.guards import TRIALS
from chaos.orders import control_order, trial_order


@dataclass(frozen=True)
class Outcome:
    """The results of one guard's trial."""

    guard: str
    without: Result
    with_it: Result

    @property
    def is_proven(self) -> bool:
        """Return whether something broke without the guard, and nothing with it."""
        return is_broken(self.without) and not is_broken(self.with_it)


def is_broken(result: Result) -> bool:
    return bool(result.violations) or result.left is not None


def try_guards(seed: int, run: Callable[[Order], Result]) -> Iterator[Outcome]:
    for guard in TRIALS:
        yield Outcome(guard, run(trial_order(seed, guard)), run(control_order(seed, guard)))


def print_outcomes(outcomes: list[Outcome], seed: int, console: Console) -> None:
    table = Table(title=f"guards, seed {seed}")
    for title in ("guard", "broken without it", "broken with it"):
        table.add_column(title)
    for outcome in outcomes:
        table.add_row(outcome.guard, _broken(outcome.without), _broken(outcome.with_it))
    console.print(table)


def _broken(result: Result) -> str:
    """Return a line for each broken rule, with its count and first sentence."""
    counts = Counter(violation.rule for violation in result.violations)
    first = {violation.rule: violation.sentence for violation in reversed(result.violations)}
    lines = [f"{rule} {count}: {first[rule]}" for rule, count in counts.items()]
    if result.left is not None:
        lines.append(f"left to do: {result.left}")
    return "\n".join(lines) or "nothing"
