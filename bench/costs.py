"""Measure costs: transactions by the database's own count, and a process's processor time, start time and memory."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from bench.processes import await_that
from cli.embedded.roles import connect

COMMITTED = "SELECT xact_commit FROM pg_stat_database WHERE datname = %s"
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"


def committed(database_url: str) -> int:
    """Return how many transactions the database has committed.

    Waits until nobody is connected, since a server process is certain to report its count only when it ends:
    https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-VIEWS
    """
    name = make_url(database_url).database
    with connect(database_url, database="postgres") as connection:

        def is_quiet() -> bool:
            row = connection.execute(CONNECTED, [name]).fetchone()
            return row == (0,)

        await_that(f"nobody is connected to {name}", is_quiet)
        row = connection.execute(COMMITTED, [name]).fetchone()
    assert row is not None
    return int(row[0])


def committed_per_act(database_url: str, act: Callable[[], None], close: Callable[[], None]) -> float:
    """Return the commits per act, without those of connecting: half the difference between three acts and one.

    `close` closes this process's connections to the database.
    """
    counts = []
    for times in (1, 3):
        close()
        before = committed(database_url)
        for _ in range(times):
            act()
        close()
        counts.append(committed(database_url) - before)
    return (counts[1] - counts[0]) / 2


PROC = Path("/proc")


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time, seconds elapsed, and resident megabytes (None if unknown)."""

    processor: float
    elapsed: float
    megabytes: float | None = None


def cost_until_ready(role: str, environment: Mapping[str, str], is_ready: Callable[[], bool]) -> Cost:
    """Return what a long-running process costs until it is ready, then end it. Reads /proc, so it needs Linux."""
    await_that(f"nothing is left of the last {role}", lambda: not is_ready())
    began = time.monotonic()
    with _process([role], environment) as process:
        await_that(f"{role} is ready", is_ready)
        elapsed = time.monotonic() - began
        cost = Cost(_processor_seconds(process.pid), elapsed, _megabytes(process.pid))
        process.terminate()
    return cost


def cost_until_ended(arguments: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Return what a command costs, whatever its exit status."""
    began = time.monotonic()
    with _process(arguments, environment) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - began)


@contextmanager
def _process(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield process


def _processor_seconds(pid: int) -> float:
    """Return user and system time so far: fields 14 and 15 of proc_pid_stat(5), counted after the name's bracket."""
    fields = PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    pages = int(PROC.joinpath(str(pid), "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
