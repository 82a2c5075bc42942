"""Processes for tests, forked from a process that has imported everything: a tenth of a real start's cost.

Real starts are those of `runbook demo`, those of the tests of imports, and those of processes that another process
starts.
"""

import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import examples
import slack_sandbox
from chaos.forkserver import Order, become_process, import_all, serve
from chaos.forkserver_client import Child, Forkserver
from cli.environment import environment
from cli.supervisor import Part


@dataclass(frozen=True)
class ForkedProcess:
    """A child of the forkserver, as the supervisor knows processes."""

    child: Child

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def returncode(self) -> int | None:
        return self.child.status

    def poll(self) -> int | None:
        return self.child.status

    def terminate(self) -> None:
        self.child.send(signal.SIGTERM)

    def kill(self) -> None:
        self.child.send(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        if not self.child.wait(timeout):
            raise subprocess.TimeoutExpired("forked", timeout or 0)
        assert self.child.status is not None
        return self.child.status


@dataclass(frozen=True)
class ForkedStart:
    """Starts the parts of a supervisor (cli.supervisor.Start)."""

    forkserver: Forkserver

    def __call__(self, part: Part) -> ForkedProcess:
        assert part.log is not None, "a forked process needs a file for its output"
        given = {**environment(), **part.environment}
        return ForkedProcess(self.forkserver.begin([part.module, *part.arguments], given, part.log))


@contextmanager
def running_forkserver(folder: Path) -> Iterator[Forkserver]:
    """Yield a running forkserver, whose orders begin with the name of the module to run."""
    running = Forkserver(folder / "log", {"PYTHONUNBUFFERED": "1"}, program="tests.forkserver")
    try:
        yield running
    finally:
        running.close()


def be(order: Order) -> None:
    become_process(order)
    module, *arguments = order["arguments"]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    import_all(slack_sandbox, examples)
    serve(be)
