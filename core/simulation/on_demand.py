"""Runs a runbook's test cases while somebody waits for a page: within an allowance of events, work and time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.clock import elapsed
from core.definitions.cel.expressions import at_most
from core.definitions.runbook import Case, RunbookDefinition
from core.simulation.differences import Played, play

SECONDS = 1.0  # after these, no further case begins
MOST_EVENTS = 1_000  # of one case: some 300 ms
MOST_WORK = 300_000  # units of cel_cost for the expressions of one case

Elapsed = Callable[[], float]


@dataclass(frozen=True)
class Results:
    """`unplayed`: the cases for which no time was left."""

    played: Sequence[Played]
    unplayed: Sequence[Case]

    @property
    def failed(self) -> int:
        return sum(not each.holds for each in self.played)


def play_on_demand(
    definition: RunbookDefinition, seconds: float = SECONDS, now: Elapsed = elapsed
) -> Results:
    """Run the cases in their order, until the time is over."""
    end, played = now() + seconds, list[Played]()
    for case in definition.tests:
        if now() >= end:
            break
        with at_most(MOST_WORK):
            played.append(play(definition, case, most_events=MOST_EVENTS))
    return Results(played, definition.tests[len(played) :])
