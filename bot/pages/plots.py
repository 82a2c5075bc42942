"""A plot of a team's weeks: a column for each, of runs that succeeded and runs that did not. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.cards.words import counted
from core.views.records import WeekView

HEIGHT = 80.0  # units of the tallest column
GAP = 0.3  # of a column's share of the width


@dataclass(frozen=True)
class Part:
    """A part of a column. `x` and `width` in percent, `y` and `height` in units from the top."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    parts: tuple[Part, ...]
    middle: float
    label: str
    said: str


@dataclass(frozen=True)
class Plot:
    columns: tuple[Column, ...]
    highest: int


def weeks_plot(weeks: Sequence[WeekView]) -> Plot:
    highest = max((week.ended for week in weeks), default=0)
    share = 100 / max(len(weeks), 1)
    return Plot(
        tuple(_column(week, number * share, share, highest) for number, week in enumerate(weeks)), highest
    )


def _column(week: WeekView, left: float, share: float, highest: int) -> Column:
    return Column(
        tuple(_parts(week, left + share * GAP / 2, share * (1 - GAP), highest)),
        round(left + share / 2, 2),
        f"{week.monday:%-d %b}",
        f"week of {week.monday}: {week.succeeded} succeeded, {counted(week.failed, 'run')} failed, "
        f"{week.cancelled} cancelled",
    )


def _parts(week: WeekView, x: float, width: float, highest: int) -> Iterator[Part]:
    """Yield what succeeded from the bottom up, then what failed, then what was cancelled."""
    y = HEIGHT
    for kind in ("succeeded", "failed", "cancelled"):
        height = getattr(week, kind) / highest * HEIGHT if highest else 0.0
        if height:
            y -= height
            yield Part(kind, round(x, 2), round(y, 2), round(width, 2), round(height, 2))
