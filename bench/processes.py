"""Start the real processes, and wait until they are ready."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from rq import Worker

from bench.place import Place
from cli.demo.stage import port_near
from cli.supervisor import Part, Supervisor
from core.errors import Unavailable

PATIENCE = 60.0  # seconds for anything to happen
OPTIONS = {"worker": ("--concurrency", "1")}  # each is measured by itself


@contextmanager
def running_target(folder: Path) -> Iterator[str]:
    """Run the fast target and yield its origin."""
    port = port_near(0)
    with Supervisor([Part("target", "bench.definitions", [str(port)], log=folder / "target.log")]):
        origin = f"http://127.0.0.1:{port}"
        await_that("the target answers", lambda: answers(f"{origin}/fast"))
        yield origin


@contextmanager
def running_web(place: Place) -> Iterator[Supervisor]:
    """Run the web process, and yield its supervisor once it is ready."""
    with Supervisor([_part(place, "web", "web")]) as supervisor:
        url = f"http://127.0.0.1:{place.environment['PORT']}/readyz"
        await_that(f"web is ready; its log is in {place.folder}", lambda: answers(url))
        yield supervisor


def worker_processes(place: Place, count: int) -> Supervisor:
    """Return a supervisor that starts workers when entered; `await_workers` waits until they are ready."""
    return Supervisor([_part(place, f"worker-{number}", "worker") for number in range(1, count + 1)])


def await_workers(place: Place, count: int) -> None:
    redis = place.composition.redis
    await_that(f"{count} workers take jobs", lambda: Worker.count(connection=redis) == count)


def _part(place: Place, name: str, command: str) -> Part:
    arguments = [command, *OPTIONS.get(command, ())]
    return Part(name, "cli", arguments, place.environment, place.folder / f"{name}.log")


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


def await_that(what: str, is_so: Callable[[], bool], pause: float = 0.02, patience: float = PATIENCE) -> None:
    """Wait until `is_so` returns True. Raises Unavailable after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise Unavailable(f"Timed out after {patience:g} s waiting until {what}.")
        time.sleep(pause)
