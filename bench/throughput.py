"""Measure executions per second, with one worker process and with two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.definitions import THREE_SLOW_STEPS, THREE_STEPS
from bench.executions import Ended, await_success
from bench.place import Place
from bench.processes import await_workers, worker_processes
from bench.report import Line, Section, milliseconds, percentile, ratio, summarize
from core.unit_of_work import JobRequest

WARM_UP = 40
RUNBOOKS = {THREE_STEPS: "3 fast steps", THREE_SLOW_STEPS: "3 steps of 20 ms"}


@dataclass
class Samples:
    """Samples of one runbook with one number of workers. `rates`: executions per second, one per block."""

    seconds: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return percentile(self.rates, 0.5)

    def add(self, block: Sequence[Ended]) -> None:
        self.seconds += [each.seconds for each in block]
        self.rates.append(rate(block))


def measure_throughput(places: Mapping[int, Place], *, blocks: int, executions: int) -> Section:
    """Measure places by their number of workers; they work in turn, block by block, to share noise equally."""
    with worker_processes(places[1], 1), worker_processes(places[2], 2):
        for workers, place in places.items():
            await_workers(place, workers)
            _work_off(place, THREE_STEPS, WARM_UP)
        found = {(name, workers): Samples() for name in RUNBOOKS for workers in places}
        for _ in range(blocks):
            for (name, workers), samples in found.items():
                samples.add(_work_off(places[workers], name, executions))
    lines = [_line(name, workers, found) for name, workers in found]
    return Section("Throughput, each execution from start to end", lines)


def _line(runbook: str, workers: int, found: Mapping[tuple[str, int], Samples]) -> Line:
    samples, alone = found[runbook, workers], found[runbook, 1]
    remark = f"{samples.rate:.1f} executions/s"
    if samples is not alone:
        remark += f", {ratio(samples.rate, alone.rate):.2f} × one worker"
    what = f"{RUNBOOKS[runbook]}, {workers} worker{'s' if workers > 1 else ''}"
    return Line(what, summarize(milliseconds(samples.seconds)), remark)


def rate(ended: Sequence[Ended]) -> float:
    """Return executions per second, from the first one's start to the last one's end."""
    first, last = min(each.started_at for each in ended), max(each.finished_at for each in ended)
    return ratio(len(ended), (last - first).total_seconds())


def _work_off(place: Place, runbook: str, count: int) -> list[Ended]:
    """Create all executions before enqueueing the first, so that the queue stays full; return them when ended."""
    ids = place.start(runbook, count)
    place.composition.unit_of_work.job_queue.enqueue(
        [JobRequest("runbook", execution_id) for execution_id in ids]
    )
    return await_success(place, ids, pause=0.2)
