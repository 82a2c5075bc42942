"""Measure a run of forty steps against the same work by hand (bench.floors), round by round, in this process."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import httpx2

from bench.costs import committed_per_act
from bench.definitions import FORTY_STEPS
from bench.floors.forty_steps import STEPS, prepare, run_forty_steps
from bench.place import Place
from bench.report import Line, Section, milliseconds, paired_ratio, summarize
from cli.embedded.roles import connect
from cli.roles.worker import executor_of, ports_of
from core.execution.executor import Executor
from core.io.http import HttpRequest
from core.io.response import HttpResponse
from core.services.executions.kinds import RUNBOOK

OURS, OURS_CALLING = "ours, the call stubbed", "ours, 40 GETs"
FLOOR_80, FLOOR_41 = "floor: 80 commits", "floor: 41 commits"
CALLING_80, CALLING_41 = "floor: 80 commits, 40 GETs", "floor: 41 commits, 40 GETs"
WAL = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
Seconds = tuple[float, float]  # elapsed, of processor time
NO_PEERS: Mapping[str, Callable[[], Seconds]] = MappingProxyType({})


class Stub:
    """Answers at once, without a connection."""

    def call(self, request: HttpRequest, limit: timedelta, stop: threading.Event) -> HttpResponse:  # noqa: ARG002
        headers = {"content-type": "application/json"}
        return HttpResponse(200, headers, '{"ok": true}', {"ok": True}, truncated=False)

    def close(self) -> None:
        """Nothing was opened."""


def measure_forty_steps(
    place: Place, target: str, *, rounds: int, peers: Mapping[str, Callable[[], Seconds]] = NO_PEERS
) -> Section:
    """Measure with the worker's own executor. All take turns, so that noise is shared, and ratios are of one round.

    `peers`: others that do the same, with the call stubbed.
    """
    executor = executor_of(place.composition, place.environment)
    with _acts(place, target, executor) as own:
        acts = {**own, **peers}
        samples: dict[str, list[Seconds]] = {name: [] for name in acts}
        for number in range(rounds + 2):
            for name, act in acts.items():
                seconds = act()
                if number > 1:  # the first rounds warm up
                    samples[name].append(seconds)
    lines = [_line(name, samples, is_peer=name in peers) for name in acts]
    return Section("Forty http steps, in one process", [*lines, _costs(place, executor)])


def _line(name: str, samples: Mapping[str, list[Seconds]], *, is_peer: bool) -> Line:
    elapsed = {each: [wall for wall, _ in found] for each, found in samples.items()}
    processor = summarize(milliseconds([cpu for _, cpu in samples[name]])).p50
    bases = {FLOOR_80: "floor 80", CALLING_41: "floor 41 with GETs"} if name.startswith("ours") else {}
    if is_peer:
        bases = {OURS: "ours"}
    ratios = [f"{paired_ratio(elapsed[name], elapsed[base]):.2f} × {word}" for base, word in bases.items()]
    remark = ", ".join([*ratios, f"{processor:.1f} ms of processor time"])
    return Line(name, summarize(milliseconds(elapsed[name])), remark)


def _costs(place: Place, executor: Executor) -> Line:
    """Return the line with what is free of noise: transactions and bytes of the write-ahead log per run."""
    waiting = place.start(FORTY_STEPS, 4)
    transactions = committed_per_act(
        place.database_url, lambda: executor.run(RUNBOOK, waiting.pop()), place.close_connections
    )
    ids = place.start(FORTY_STEPS, 10)
    with connect(place.database_url) as connection:
        before = connection.execute(WAL).fetchone()
        for each in ids:
            executor.run(RUNBOOK, each)
        after = connection.execute(WAL).fetchone()
    assert before is not None
    assert after is not None
    kilobytes = float(after[0] - before[0]) / len(ids) / 1_000
    return Line("ours", None, f"{transactions:.1f} transactions, {kilobytes:.1f} kB of WAL a run")


@contextmanager
def _acts(place: Place, target: str, executor: Executor) -> Iterator[dict[str, Callable[[], Seconds]]]:
    ports = replace(ports_of(place.composition, place.environment), http=Stub())
    stubbed = Executor(place.composition.unit_of_work, ports, "bench")
    with connect(place.database_url) as connection, httpx2.Client(trust_env=False) as client:
        connection.prepare_threshold = 2

        def ours(executor: Executor) -> Seconds:
            [execution_id] = place.start(FORTY_STEPS, 1)
            return _seconds(lambda: executor.run(RUNBOOK, execution_id))

        def floor(commits: int, call: Callable[[], object]) -> Seconds:
            run = secrets.token_hex(8)
            prepare(connection, run)
            return _seconds(lambda: run_forty_steps(connection, run, commits, call))

        def get() -> None:
            client.get(f"{target}/fast")

        yield {
            OURS: lambda: ours(stubbed),
            FLOOR_80: lambda: floor(2 * STEPS, _nothing),
            FLOOR_41: lambda: floor(STEPS + 1, _nothing),
            OURS_CALLING: lambda: ours(executor),
            CALLING_80: lambda: floor(2 * STEPS, get),
            CALLING_41: lambda: floor(STEPS + 1, get),
        }


def _nothing() -> None:
    """Do nothing."""


def _seconds(act: Callable[[], object]) -> Seconds:
    start, processor = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - start, time.process_time() - processor
