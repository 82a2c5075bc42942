"""The table that a run of the bench prints."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.statistics import Summary

WIDTH = 118


@dataclass(frozen=True)
class Line:
    """One line: what was measured, its samples in milliseconds where there are several, and a remark."""

    what: str
    summary: Summary | None
    remark: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    lines: Sequence[Line]


def print_report(sections: Sequence[Section]) -> None:
    """One table of all sections."""
    table = Table(title="Milliseconds, unless a remark says otherwise", caption=machine())
    table.add_column("what")
    for heading in ("n", "p50", "p95", "p99"):
        table.add_column(heading, justify="right")
    table.add_column("remark")
    for section in sections:
        table.add_section()
        table.add_row(section.title, style="bold")
        for line in section.lines:
            table.add_row(f"  {line.what}", *_figures(line.summary), line.remark)
    Console(width=WIDTH, markup=False, highlight=False).print(table)


def machine() -> str:
    """What the figures depend on most."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"Python {platform.python_version()}, {os.cpu_count()} processors, load {load} (1, 5 and 15 min)"


def _figures(summary: Summary | None) -> list[str]:
    if summary is None:
        return [""] * 4
    return [str(summary.count), *(f"{value:.1f}" for value in (summary.p50, summary.p95, summary.p99))]
