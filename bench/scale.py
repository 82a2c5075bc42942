"""`python -m bench scale`: query times with a million executions. Writes the table in docs/explain.md."""

import os
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, text

from bench.explaining import explain
from bench.loading import ADMIN, load_everything
from bench.place import NullJobQueue
from bench.plans import Plan
from bench.reads import Read, polls, reads
from bench.report import Line, Section, machine, milliseconds, summarize
from cli.embedded import create_database, embedded_services
from core.clock import SystemClock
from core.database import open_engine
from core.decisions.people import Person
from core.services.access.people import load_person
from core.services.audit.chain import verify_chain
from core.unit_of_work import UnitOfWorkFactory
from migrations.upgrade import upgrade_database
from workers.scheduler import count_what_ended, seal_the_audit_trail

EXPLAINED = Path("docs/explain.md")
MILLION = 1_000_000
SEED = 7
Answer = TypeVar("Answer")
COLD = 3  # rounds after which the machine has to read the database's files from the disk


NOBODY = Person("system", source="bench")


@dataclass(frozen=True)
class Figure:
    """A measured query: `line` with warm caches; `cold`: the slowest with cold caches, in ms; its longest plan."""

    line: Line
    cold: float
    plan: Plan


def measure_scale(executions: int, page: Path | None, plans: Path | None = None) -> list[Section]:
    """Load a database of its own, and measure what people read and what processes poll.

    `page`: the file that gets the table. `plans`: the folder that gets the raw plans, one file for each query.
    """
    with empty_database("scale") as engine:
        unit_of_work = UnitOfWorkFactory(engine, SystemClock(), NullJobQueue(), frozenset({ADMIN}))
        bulk = _bulk(unit_of_work, executions)
        read = [*reads(executions, random.Random(SEED)), *polls()]
        figures = [_measure(unit_of_work, each) for each in read]
        if page is not None:
            page.write_text(document(executions, bulk, figures, machine()), encoding="utf-8")
        if plans is not None:
            _write_plans(plans, [_heading(read, each) for each in read], figures)
        return [
            Section(f"Reads, {executions:,} executions loaded", [_shown(each) for each in figures]),
            Section("In bulk", bulk),
        ]


@contextmanager
def empty_database(name: str) -> Iterator[Engine]:
    """Yield a migrated database without rows, on a server of its own."""
    with (
        tempfile.TemporaryDirectory(prefix=f"bench-{name}-", ignore_cleanup_errors=True) as folder,
        embedded_services(Path(folder), redis=False) as services,
    ):
        engine = open_engine(create_database(services.owner_url, name))
        upgrade_database(engine)
        yield engine
        engine.dispose()


def _bulk(unit_of_work: UnitOfWorkFactory, executions: int) -> list[Line]:
    """Measure what is done to all rows: loading, counting, sealing, verifying."""
    seconds = _timed("loading", lambda: load_everything(unit_of_work, executions))[0]
    lines = [Line("loading", None, f"{executions:,} executions of four steps in {seconds:.0f} s")]
    lines.append(
        _rate("counting a backlog of ends", lambda: _exhaust(lambda: count_what_ended(unit_of_work)))
    )
    lines.append(_rate("sealing a backlog", lambda: _exhaust(lambda: seal_the_audit_trail(unit_of_work))))
    before = _memory()
    lines.append(_rate("verifying the audit trail", lambda: _verified(unit_of_work)))
    lines.append(Line("… memory", None, f"{_memory() - before} MB more than before"))
    _vacuum(unit_of_work.engine)
    return lines


def _verified(unit_of_work: UnitOfWorkFactory) -> int:
    with unit_of_work.begin() as work:
        report = verify_chain(work)
    assert report.broken is None, report.broken
    return report.sealed


def _exhaust(act: Callable[[], int]) -> int:
    total = 0
    while done := act():
        total += done
    return total


def _rate(what: str, act: Callable[[], int]) -> Line:
    seconds, rows = _timed(what, act)
    return Line(what, None, f"{rows:,} rows in {seconds:.0f} s: {rows / seconds:,.0f} per second")


def _timed(what: str, act: Callable[[], Answer]) -> tuple[float, Answer]:
    print(f"{what} …", file=sys.stderr, flush=True)
    begun = time.perf_counter()
    answer = act()
    return time.perf_counter() - begun, answer


def _memory() -> int:
    """Return the peak memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _measure(unit_of_work: UnitOfWorkFactory, read: Read) -> Figure:
    """Measure a query, each round in a transaction of its own, like a request; the first three rounds do not count."""
    print(f"{read.what} …", file=sys.stderr, flush=True)
    cold = [_cold_round(unit_of_work, read, -number) for number in range(1, COLD + 1)]
    taken = [_once(unit_of_work, read, number % len(read.about)) for number in range(-3, read.rounds)][3:]
    plan = explain(unit_of_work.engine, partial(_once, unit_of_work, read, 0))
    return Figure(Line(read.what, summarize(milliseconds(taken))), max(milliseconds(cold)), plan)


def _cold_round(unit_of_work: UnitOfWorkFactory, read: Read, number: int) -> float:
    _forget(unit_of_work.engine)
    return _once(unit_of_work, read, number % len(read.about))


def _once(unit_of_work: UnitOfWorkFactory, read: Read, number: int) -> float:
    """Return the seconds that it took. What it wrote is rolled back."""
    begun = time.perf_counter()
    with unit_of_work.begin() as work:
        person = load_person(work, read.person, source="bench") if read.person else NOBODY
        read.act(work, person, read.about[number])
        taken = time.perf_counter() - begun
        work.session.rollback()
        work.jobs.clear()
    return taken


def _forget(engine: Engine) -> None:
    """Drop the database's files from the machine's page cache. PostgreSQL's own 64 MB of buffers stay."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        folder = Path(str(connection.scalar(text("SHOW data_directory"))))
    for file in (folder / "base").glob("*/*"):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def _shown(figure: Figure) -> Line:
    return Line(figure.line.what, figure.line.summary, f"{figure.cold:.1f} with cold caches")


def _heading(read: Sequence[Read], each: Read) -> str:
    """Return the query's full name: an ellipsis stands for the name of an earlier query."""
    if not each.what.startswith("…"):
        return each.what.capitalize()
    before = [one.what for one in read[: read.index(each)] if not one.what.startswith("…")]
    return f"{before[-1].capitalize()}{each.what.replace('…', ',')}"


INTRODUCTION = """\
# Query times with {executions:,} executions

Generated by `python -m bench scale`; `--plans FOLDER` also writes the raw plans (`EXPLAIN (ANALYZE, BUFFERS)`).
{machine}. The service and PostgreSQL (64 MB of shared buffers) ran on one machine.

Each query is a transaction of its own, from looking up the person's teams to the resulting views: p50 and p95 of its
rounds, and the slowest of three rounds with cold file caches. The last four columns describe its longest SQL statement:
the execution time, the rows returned, the pages (8 kB) read, and the indexes and tables with the most pages.
"""
COLUMNS = (
    "query",
    "rounds",
    "p50 ms",
    "p95 ms",
    "cold ms",
    "SQL ms",
    "rows",
    "pages",
    "indexes and tables read",
)
ALIGNMENT = ["---", *["---:"] * (len(COLUMNS) - 2), "---"]


def document(executions: int, bulk: Sequence[Line], figures: Sequence[Figure], machine: str) -> str:
    """Return the page docs/explain.md."""
    rows = [list(COLUMNS), ALIGNMENT, *filter(None, map(_row, figures))]
    table = [f"| {' | '.join(row)} |" for row in rows]
    done = ["| in bulk | |", "| --- | --- |", *[f"| {line.what} | {line.remark} |" for line in bulk], ""]
    return "\n".join([INTRODUCTION.format(executions=executions, machine=machine), *table, "", *done])


def _row(figure: Figure) -> list[str]:
    summary, plan = figure.line.summary, figure.plan
    if summary is None:
        return []
    times = (summary.p50, summary.p95, figure.cold)
    return [
        figure.line.what,
        str(summary.count),
        *(f"{each:.1f}" for each in times),
        f"{plan.milliseconds:.2f}",
        f"{plan.rows:,}",
        f"{plan.buffers:,}",
        plan.summary,
    ]


def _write_plans(folder: Path, headings: Sequence[str], figures: Sequence[Figure]) -> None:
    """Write each raw plan as a Markdown file of its own, numbered in the order of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (heading, figure) in enumerate(zip(headings, figures, strict=True), start=1):
        name = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")
        (folder / f"{number:02}-{name}.md").write_text(figure.plan.markdown(heading), encoding="utf-8")
