"""What a process costs from its start on: processor time, patience, memory."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import await_that

PROC = Path("/proc")


@dataclass(frozen=True)
class Cost:
    """Seconds of processor and of patience, and megabytes resident: None where nobody could look."""

    processor: float
    elapsed: float
    megabytes: float | None = None


def cost_until_ready(role: str, environment: Mapping[str, str], is_ready: Callable[[], bool]) -> Cost:
    """Of a long-running process; it is ended then. It is read in /proc, which only Linux has."""
    await_that(f"nothing is left of the last {role}", lambda: not is_ready())
    began = time.monotonic()
    with _process([role], environment) as process:
        await_that(f"{role} is ready", is_ready)
        elapsed = time.monotonic() - began
        cost = Cost(_processor_seconds(process.pid), elapsed, _megabytes(process.pid))
        process.terminate()
    return cost


def cost_until_ended(arguments: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Of a command, whatever it ends with."""
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
    """User and system time so far: fields 14 and 15 of proc_pid_stat(5), counted behind the name's bracket."""
    fields = PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    pages = int(PROC.joinpath(str(pid), "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
