"""`python -m bench.scale`: how reading is with a million executions loaded; plans go into docs/explain.md."""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Engine, event

from bench.loading import PERSON, RUNBOOKS, load_everything
from bench.report import Line, Section, machine, print_report
from bench.statistics import milliseconds, summarize
from cli.embedded import create_database, embedded_services
from cli.processes import quiet_logging
from core.clock import SystemClock
from core.database import open_engine
from core.decisions.people import Person
from core.service import Service, Work
from core.services.analytics import analyse_runbook
from core.services.execution_views import view_executions
from core.services.incidents import find_incident
from core.services.listing import Window, list_executions
from core.services.people import load_person
from core.services.reading import view_execution
from core.services.run_search import find_execution
from core.services.runbooks import find_runbook
from migrations.upgrade import upgrade_database

PAGE = 51  # a REST page of the usual size, and the row that says whether there is another
EXPLAINED = Path("docs/explain.md")
SEED = 7


class NoDoorbell:
    """Nothing is woken: this only reads."""

    def ring(self, kind: str, execution_id: str, *, first: bool = False) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Read:
    """Something that is read, as a face asks for it: `about` is an incident, an execution, or a runbook."""

    what: str
    about: Sequence[str]
    act: Callable[[Work, Person, str], object]
    rounds: int


def reads(executions: int, chance: random.Random) -> list[Read]:
    some = [chance.randint(1, executions) for _ in range(200)]
    per_incident = 50
    return [
        Read("executions of an incident", [f"inc-{1 + n // per_incident}" for n in some], _list, 200),
        Read("one execution with its steps", [f"rbx_{n}" for n in some], _one, 200),
        Read("analytics of a runbook", [f"runbook-{2 + n % (RUNBOOKS - 1)}" for n in some], _analytics, 40),
        Read("analytics of the busiest runbook", ["runbook-1"], _analytics, 20),
    ]


def _list(work: Work, person: Person, incident: str) -> object:
    return view_executions(work, list_executions(work, find_incident(work, person, incident), Window(PAGE)))


def _one(work: Work, person: Person, execution_id: str) -> object:
    return view_execution(work, find_execution(work, person, execution_id))


def _analytics(work: Work, person: Person, runbook: str) -> object:
    return analyse_runbook(work, person, find_runbook(work, person, runbook))


def measure(service: Service, read: Read) -> Line:
    """Each round in a transaction of its own, as a request is; the first few are not counted."""
    taken = []
    for number in range(-3, read.rounds):
        begun = time.perf_counter()
        _once(service, read, number % len(read.about))
        if number >= 0:
            taken.append(time.perf_counter() - begun)
    return Line(read.what, summarize(milliseconds(taken)))


def _once(service: Service, read: Read, number: int) -> None:
    with service.transaction() as work:
        read.act(work, load_person(work, PERSON, source="bench"), read.about[number])


def explain(service: Service, read: Read) -> str:
    """The plan of each statement that the read takes, as Markdown."""
    statements = _statements(service, read)
    plans = [_plan(service.engine, *each) for each in statements]
    return "\n".join([f"## {read.what.capitalize()}\n", f"{len(statements)} statements.\n", *plans])


def _statements(service: Service, read: Read) -> list[tuple[str, Mapping[str, Any]]]:
    said: list[tuple[str, Mapping[str, Any]]] = []

    def note(*given: Any) -> None:
        said.append((given[2], given[3]))

    event.listen(service.engine, "before_cursor_execute", note)
    try:
        _once(service, read, 0)
    finally:
        event.remove(service.engine, "before_cursor_execute", note)
    return said


def _plan(engine: Engine, statement: str, parameters: Mapping[str, Any]) -> str:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", dict(parameters))
        plan = "\n".join(str(row[0]) for row in rows)
    return f"```sql\n{statement.strip()}\n```\n\n```\n{plan}\n```\n"


def main(
    executions: Annotated[int, typer.Option(help="How many are loaded.")] = 1_000_000,
    explained: Annotated[Path, typer.Option(help="Where the plans go.")] = EXPLAINED,
) -> None:
    """Load executions into a database of its own, and measure what people read."""
    quiet_logging()
    with (
        tempfile.TemporaryDirectory(prefix="bench-scale-", ignore_cleanup_errors=True) as folder,
        embedded_services(Path(folder), redis=False) as services,
    ):
        engine = open_engine(create_database(services.database_url, "scale"))
        upgrade_database(engine)
        service = Service(engine, SystemClock(), NoDoorbell(), frozenset({PERSON}))
        begun = time.perf_counter()
        load_everything(service, executions)
        remark = (
            f"{executions:,} executions with their steps were loaded in {time.perf_counter() - begun:.0f} s"
        )
        print(remark, file=sys.stderr, flush=True)
        chosen = reads(executions, random.Random(SEED))
        lines = [measure(service, read) for read in chosen]
        explained.write_text(_document(executions, lines, [explain(service, read) for read in chosen]))
        print_report([Section(f"Reading, {executions:,} executions loaded", lines)])
        engine.dispose()


def _document(executions: int, lines: Sequence[Line], plans: Sequence[str]) -> str:
    rows = [
        f"| {line.what} | {line.summary.count} | {line.summary.p50:.1f} | {line.summary.p95:.1f} |"
        for line in lines
        if line.summary is not None
    ]
    head = f"# Plans, with {executions:,} executions loaded\n\n`python -m bench.scale` writes this file. {machine()}.\n"
    table = ["| read | n | p50 ms | p95 ms |", "| --- | ---: | ---: | ---: |", *rows, ""]
    return "\n".join([head, *table, *plans])


if __name__ == "__main__":
    typer.run(main)
