"""`python -m bench retention`: what a hundred thousand runs take on the disk, and what deleting old ones takes."""

import time
from collections.abc import Mapping

from sqlalchemy import Engine, text

from bench.loading import ADMIN, load_everything
from bench.place import NullJobQueue
from bench.report import Line, Section, summarize
from bench.scale import empty_database
from core.clock import SystemClock
from core.services.executions.kinds import RUNBOOK, WORKFLOW, Kind
from core.services.retention.pruning import prune_portion
from core.services.retention.rules import LEAST
from core.unit_of_work import UnitOfWorkFactory
from workers.retention import SYSTEM
from workers.scheduler import count_what_ended, seal_the_audit_trail

SIZES = text("""
SELECT relname, pg_total_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND pg_total_relation_size(oid) > 1000000
ORDER BY 2 DESC
""")


def measure_retention(executions: int) -> list[Section]:
    """Load executions over a year, delete those that are older than is allowed at least, and compare the sizes."""
    with empty_database("retention") as engine:
        unit_of_work = UnitOfWorkFactory(engine, SystemClock(), NullJobQueue(), frozenset({ADMIN}))
        load_everything(unit_of_work, executions)
        while count_what_ended(unit_of_work) or seal_the_audit_trail(unit_of_work):
            pass
        before = _sizes(engine)
        lines = [_prune(unit_of_work, kind) for kind in (RUNBOOK, WORKFLOW)]
        after = _sizes(engine)
    return [
        Section(
            f"MB with {executions:,} executions, and after deleting those that ended 91 days ago",
            [
                *(
                    Line(name, None, f"{size / 1e6:,.1f} → {after.get(name, 0) / 1e6:,.1f}")
                    for name, size in before.items()
                ),
                Line(
                    "all of these",
                    None,
                    f"{sum(before.values()) / 1e6:,.1f} → {sum(after.values()) / 1e6:,.1f}",
                ),
            ],
        ),
        Section("Deleting", lines),
    ]


def _sizes(engine: Engine) -> Mapping[str, int]:
    """Return the bytes of each large table with its indexes, without the space of deleted rows."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM FULL"))
        return dict(connection.execute(SIZES))


def _prune(unit_of_work: UnitOfWorkFactory, kind: Kind) -> Line:
    took, total, done = list[float](), 0, 1
    while done:
        begun = time.perf_counter()
        with unit_of_work.begin() as work:
            done = prune_portion(work, SYSTEM, kind, work.now - LEAST)
        took.append((time.perf_counter() - begun) * 1000)
        total += done
    summary = summarize(took)
    rate = total / (sum(took) / 1000)
    portions = f"{len(took)} portions, p50 {summary.p50:.0f} ms, p95 {summary.p95:.0f} ms"
    return Line(f"{kind.name} executions", None, f"{total:,} at {rate:,.0f} a second; {portions}")
