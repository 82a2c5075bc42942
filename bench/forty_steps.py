"""Measure a run of forty steps against its minimum cost: the same commits by hand, and its calls alone."""

import time
from collections.abc import Callable

import httpx2

from bench.costs import committed_per_act
from bench.definitions import FORTY_STEPS
from bench.place import Place
from bench.report import Line, Section, Summary, milliseconds, ratio, summarize
from cli.embedded.roles import connect
from cli.roles.worker import executor_of
from core.execution.executor import Executor
from core.services.executions.kinds import RUNBOOK

STEPS = 40
COMMITS = STEPS + 1  # a step's end is committed with the next one's start
FINISH_STEP = """
UPDATE step_executions SET status = 'succeeded', finished_at = now() WHERE execution_id = %s AND position = %s
"""
FINISH_RUN = "UPDATE runbook_executions SET finished_at = now() WHERE id = %s"


def measure_forty_steps(place: Place, target: str, *, rounds: int) -> Section:
    """Measure in this process, with the worker's own executor; the three alternate, to share noise equally."""
    executor = executor_of(place.composition, place.environment)
    acts: dict[str, Callable[[], float]] = {
        "the run": lambda: _run(place, executor),
        "its commits": lambda: _commit_by_hand(place),
        "its calls": lambda: _call(target),
    }
    samples: dict[str, list[float]] = {name: [] for name in acts}
    for number in range(rounds + 1):
        for name, act in acts.items():
            seconds = act()
            if number:  # the first round warms up
                samples[name].append(seconds)
    run, commits, calls = (summarize(milliseconds(each)) for each in samples.values())
    return Section(
        "Forty http steps, in one worker", _lines(run, commits, calls, _transactions(place, executor))
    )


def _lines(run: Summary, commits: Summary, calls: Summary, transactions: float) -> list[Line]:
    own = run.p50 - commits.p50 - calls.p50
    return [
        Line(
            "the run, from claim to end",
            run,
            f"{transactions:.1f} transactions; {ratio(run.p50, commits.p50):.1f} × the commits, "
            f"{ratio(run.p50, commits.p50 + calls.p50):.1f} × commits plus calls",
        ),
        Line(f"floor: {COMMITS} commits by hand", commits, "psycopg, autocommit, one UPDATE each"),
        Line(f"floor: {STEPS} http calls alone", calls, "httpx2, one kept-alive connection"),
        Line("our own overhead", None, f"{own:.0f} ms per run, {own / STEPS:.2f} ms per step"),
    ]


def _run(place: Place, executor: Executor) -> float:
    [execution_id] = place.start(FORTY_STEPS, 1)
    return _seconds(lambda: executor.run(RUNBOOK, execution_id))


def _commit_by_hand(place: Place) -> float:
    """Update the rows of an execution that no worker runs, and return the seconds."""
    [execution_id] = place.start(FORTY_STEPS, 1)
    with connect(place.database_url) as connection:
        connection.prepare_threshold = 2

        def commit() -> None:
            for position in range(STEPS):
                connection.execute(FINISH_STEP, [execution_id, position])
            connection.execute(FINISH_RUN, [execution_id])

        commit()  # warms up the new connection: its statements are prepared afterwards
        return _seconds(commit)


def _call(target: str) -> float:
    with httpx2.Client(trust_env=False) as client:
        client.get(f"{target}/fast")

        def call() -> None:
            for _ in range(STEPS):
                client.get(f"{target}/fast")

        return _seconds(call)


def _transactions(place: Place, executor: Executor) -> float:
    waiting = place.start(FORTY_STEPS, 4)
    return committed_per_act(
        place.database_url, lambda: executor.run(RUNBOOK, waiting.pop()), place.close_connections
    )


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
