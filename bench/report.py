"""Summarize samples, and print the report or a profile."""

import cProfile
import json
import os
import platform
import pstats
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.definitions import FORTY_STEPS
from bench.place import Place
from cli.roles.worker import executor_of
from core.services.executions.kinds import RUNBOOK


@dataclass(frozen=True)
class Summary:
    """Percentiles of samples, in the unit of the samples."""

    count: int
    p50: float
    p95: float
    p99: float


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the samples lie, interpolated between its neighbours.

    This is definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), which numpy and
    spreadsheets use, too. Raises ValueError without samples, and for a share outside 0 to 1.
    """
    if not samples:
        raise ValueError("A percentile needs at least one sample.")
    if not 0 <= share <= 1:
        raise ValueError(f"A share must be between 0 and 1, not {share}.")
    ordered = sorted(samples)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def summarize(samples: Sequence[float]) -> Summary:
    """Return the count and percentiles of the samples. Raises ValueError without samples."""
    return Summary(
        len(samples), percentile(samples, 0.50), percentile(samples, 0.95), percentile(samples, 0.99)
    )


def ratio(value: float, base: float) -> float:
    """Return `value / base`. Raises ValueError unless the base is greater than zero."""
    if base <= 0:
        raise ValueError(f"A ratio needs a base greater than zero, not {base}.")
    return value / base


def paired_ratio(samples: Sequence[float], bases: Sequence[float]) -> float:
    """Return the median of the ratios of each round: what slows a whole round down does not count."""
    return percentile([ratio(value, base) for value, base in zip(samples, bases, strict=True)], 0.5)


def milliseconds(seconds: Sequence[float]) -> list[float]:
    return [1000 * each for each in seconds]


RUNS = 10
SHOWN = 60


def print_profile(place: Place) -> None:
    """Profile ten runs with cProfile, which slows small functions most: read the shares, not the times."""
    executor = executor_of(place.composition, place.environment)
    ids = place.start(FORTY_STEPS, RUNS + 1)
    executor.run(RUNBOOK, ids.pop())
    with cProfile.Profile() as profile:
        for execution_id in ids:
            executor.run(RUNBOOK, execution_id)
    statistics = pstats.Stats(profile).strip_dirs()
    statistics.sort_stats("cumulative").print_stats(SHOWN)
    statistics.sort_stats("tottime").print_stats(SHOWN // 2)


WIDTH = 118


@dataclass(frozen=True)
class Line:
    """A line of the table: what was measured, its samples in milliseconds if there are several, and a remark."""

    what: str
    summary: Summary | None
    remark: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    lines: Sequence[Line]


def print_report(sections: Sequence[Section]) -> None:
    """Print all sections in one table."""
    table = Table(title="Milliseconds, unless the remark says otherwise", caption=machine())
    table.add_column("measurement")
    for heading in ("n", "p50", "p95", "p99"):
        table.add_column(heading, justify="right")
    table.add_column("remark")
    for section in sections:
        table.add_section()
        table.add_row(section.title, style="bold")
        for line in section.lines:
            table.add_row(f"  {line.what}", *_figures(line.summary), line.remark)
    Console(width=WIDTH, markup=False, highlight=False).print(table)


def write_results(sections: Sequence[Section], path: Path) -> None:
    """Write the figures as JSON: what was measured where, in milliseconds, with its remark."""
    found = {
        section.title: {
            line.what: {**_as_json(line.summary), "remark": line.remark} for line in section.lines
        }
        for section in sections
    }
    path.write_text(
        json.dumps({"machine": machine(), "milliseconds": found}, indent=2, ensure_ascii=False) + "\n"
    )


def _as_json(summary: Summary | None) -> dict[str, float]:
    return {name: round(value, 2) for name, value in asdict(summary).items()} if summary else {}


def machine() -> str:
    """Return what the figures depend on most: Python, processors and load."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"Python {platform.python_version()}, {os.cpu_count()} processors, load {load} (1, 5 and 15 min)"


def _figures(summary: Summary | None) -> list[str]:
    if summary is None:
        return [""] * 4
    return [str(summary.count), *(f"{value:.1f}" for value in (summary.p50, summary.p95, summary.p99))]
