"""`python -m bench scale`: measure reads with a million executions loaded, and write plans to docs/explain.md."""

import os
import random
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
COLD = 3  # rounds without any of the database in the machine's memory


NOBODY = Person("system", source="bench")


@dataclass(frozen=True)
class Figure:
    """A measured read. `line`: with warm caches. `cold`: the slowest with cold caches, in milliseconds."""

    line: Line
    cold: float


def measure_scale(executions: int, explained: Path | None) -> list[Section]:
    """Load a database of its own, and measure people's reads and processes' polls.

    The table and the plans are written to the file `explained`, if given.
    """
    with _database() as engine:
        unit_of_work = UnitOfWorkFactory(engine, SystemClock(), NullJobQueue(), frozenset({ADMIN}))
        bulk = _bulk(unit_of_work, executions)
        read = [*reads(executions, random.Random(SEED)), *polls()]
        figures = [_measure(unit_of_work, each) for each in read]
        if explained is not None:
            plans = [
                explain(engine, _heading(read, each), partial(_once, unit_of_work, each, 0)) for each in read
            ]
            explained.write_text(_document(executions, bulk, figures, plans))
        return [
            Section(f"Reads, {executions:,} executions loaded", [_shown(each) for each in figures]),
            Section("In bulk", bulk),
        ]


@contextmanager
def _database() -> Iterator[Engine]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-scale-", ignore_cleanup_errors=True) as folder,
        embedded_services(Path(folder), redis=False) as services,
    ):
        engine = open_engine(create_database(services.owner_url, "scale"))
        upgrade_database(engine)
        yield engine
        engine.dispose()


def _bulk(unit_of_work: UnitOfWorkFactory, executions: int) -> list[Line]:
    """Measure bulk operations on all rows: load, count, seal, verify."""
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
    """Return this process's peak memory in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _measure(unit_of_work: UnitOfWorkFactory, read: Read) -> Figure:
    """Measure a read; each round is a transaction, like a request, and the first three do not count."""
    print(f"{read.what} …", file=sys.stderr, flush=True)
    cold = [_cold_round(unit_of_work, read, -number) for number in range(1, COLD + 1)]
    taken = [_once(unit_of_work, read, number % len(read.about)) for number in range(-3, read.rounds)][3:]
    return Figure(Line(read.what, summarize(milliseconds(taken))), max(milliseconds(cold)))


def _cold_round(unit_of_work: UnitOfWorkFactory, read: Read, number: int) -> float:
    _forget(unit_of_work.engine)
    return _once(unit_of_work, read, number % len(read.about))


def _once(unit_of_work: UnitOfWorkFactory, read: Read, number: int) -> float:
    """Read once, roll back, and return the seconds."""
    begun = time.perf_counter()
    with unit_of_work.begin() as work:
        person = load_person(work, read.person, source="bench") if read.person else NOBODY
        read.act(work, person, read.about[number])
        taken = time.perf_counter() - begun
        work.session.rollback()
        work.jobs.clear()
    return taken


def _forget(engine: Engine) -> None:
    """Drop the database's files from the page cache. PostgreSQL's own 64 MB of buffers stay as they are."""
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
    """Return a heading; an ellipsis at the start is replaced by the preceding full title."""
    if not each.what.startswith("…"):
        return each.what.capitalize()
    before = [one.what for one in read[: read.index(each)] if not one.what.startswith("…")]
    return f"{before[-1].capitalize()}{each.what.replace('…', ',')}"


def _document(executions: int, bulk: Sequence[Line], figures: Sequence[Figure], plans: Sequence[str]) -> str:
    rows = [
        f"| {each.line.what} | {summary.count} | {summary.p50:.1f} | {summary.p95:.1f} | {each.cold:.1f} |"
        for each in figures
        if (summary := each.line.summary) is not None
    ]
    words = (
        f"# Reads with {executions:,} executions loaded\n\n`python -m bench scale` writes this file. {machine()}. "
        "The service and PostgreSQL (64 MB of shared buffers) ran on one machine. Each read is a transaction of its "
        "own, from loading the person's teams to building the views. Cold: the slowest of three, each after the "
        "database's files were dropped from the page cache.\n"
    )
    table = ["| read | n | p50 ms | p95 ms | cold ms |", "| --- | ---: | ---: | ---: | ---: |", *rows, ""]
    done = ["| in bulk | |", "| --- | --- |", *[f"| {line.what} | {line.remark} |" for line in bulk], ""]
    return "\n".join([words, *table, *done, "# Plans\n", *plans])
