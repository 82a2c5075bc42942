"""Executions a second, with one worker process and with two."""

from collections.abc import Sequence

from bench.definitions import THREE_SLOW_STEPS, THREE_STEPS
from bench.executions import Ended, await_success
from bench.place import Place
from bench.processes import running_worker
from bench.report import Line, Section
from bench.statistics import milliseconds, ratio, summarize

WARM_UP = 40
RUNBOOKS = {THREE_STEPS: "3 fast steps", THREE_SLOW_STEPS: "3 steps of 20 ms"}


def measure_throughput(place: Place, *, executions: int) -> Section:
    """The queue is filled with workers already there, and stays full until the end."""
    by_workers: dict[int, dict[str, list[Ended]]] = {}
    with running_worker(place, 1):
        by_workers[1] = _measure(place, executions)
        with running_worker(place, 2):
            by_workers[2] = _measure(place, executions)
    lines = [line for name in RUNBOOKS for line in _lines(name, by_workers)]
    return Section("Throughput, each execution from its start to its end", lines)


def _measure(place: Place, executions: int) -> dict[str, list[Ended]]:
    _work_off(place, THREE_STEPS, WARM_UP)
    return {name: _work_off(place, name, executions) for name in RUNBOOKS}


def _lines(runbook: str, by_workers: dict[int, dict[str, list[Ended]]]) -> list[Line]:
    one, two = rate(by_workers[1][runbook]), rate(by_workers[2][runbook])
    rates = {1: f"{one:.1f} executions/s", 2: f"{two:.1f} executions/s, {ratio(two, one):.2f} × one worker"}
    return [
        Line(
            f"{RUNBOOKS[runbook]}, {workers} worker{'s' if workers > 1 else ''}",
            summarize(milliseconds([each.seconds for each in by_workers[workers][runbook]])),
            rates[workers],
        )
        for workers in by_workers
    ]


def rate(ended: Sequence[Ended]) -> float:
    """Executions a second, from the first one's start to the last one's end."""
    first, last = min(each.started_at for each in ended), max(each.finished_at for each in ended)
    return ratio(len(ended), (last - first).total_seconds())


def _work_off(place: Place, runbook: str, count: int) -> list[Ended]:
    ids = place.start(runbook, count)
    for execution_id in ids:
        place.composition.service.doorbell.ring("runbook", execution_id)
    return await_success(place, ids, pause=0.2)
