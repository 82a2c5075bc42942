"""Measure how soon a run's first step starts, against the same work by hand (bench.floors), in turn."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from rq import Queue

from bench.definitions import ONE_STEP, PERSON
from bench.executions import await_success
from bench.floors.first_step import CREATE, SECONDS, open_queue, trigger
from bench.place import Place
from bench.processes import await_that, await_workers, worker_processes
from bench.report import Line, Section, milliseconds, paired_ratio, ratio, summarize
from cli.embedded.roles import connect
from cli.supervisor import Part, Supervisor
from core.services.access.people import load_person
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.tables import Incident

WARM_UP = 10


def measure_first_step(place: Place, *, rounds: int) -> Section:
    """Measure both, each run for itself: the next one is triggered when the last one has ended."""
    ours: list[float] = []
    floor: list[float] = []
    with worker_processes(place, 1), _floor(place) as (connection, queue):
        await_workers(place, 2)
        for number in range(WARM_UP + rounds):
            seconds = _ours(place), _by_hand(connection, queue)
            if number >= WARM_UP:
                ours.append(seconds[0])
                floor.append(seconds[1])
    return Section("From the trigger to the first step, with a worker process", _lines(ours, floor))


def _lines(ours: list[float], floor: list[float]) -> list[Line]:
    found, by_hand = summarize(milliseconds(ours)), summarize(milliseconds(floor))
    worst = ratio(found.p99, by_hand.p99)
    remark = f"{paired_ratio(ours, floor):.2f} × the floor, its p99 {worst:.2f} × that of the floor"
    return [Line("ours", found, remark), Line("floor: a row, a job, a commit", by_hand)]


def _ours(place: Place) -> float:
    """Trigger a run as a request does, and return the seconds to its first step."""
    with place.composition.unit_of_work.begin() as work:
        person = load_person(work, PERSON, source="bench")
        runbook = find_runbook(work, person, ONE_STEP)
        incident = work.session.get_one(Incident, place.incident_id)
        execution_id = start_by_person(work, person, Start(runbook, incident, {})).id
    [ended] = await_success(place, [execution_id])
    return ended.seconds_to_first_step


def _by_hand(connection: "psycopg.Connection[tuple[object, ...]]", queue: Queue) -> float:
    run, seconds = secrets.token_hex(8), list[float]()
    trigger(connection, queue, run)

    def has_started() -> bool:
        found = connection.execute(SECONDS, [run]).fetchone()
        connection.commit()
        seconds[:] = [float(str(value)) for value in found or ()]
        return bool(seconds)

    await_that("the floor's step has started", has_started)
    return seconds[0]


@contextmanager
def _floor(place: Place) -> Iterator[tuple["psycopg.Connection[tuple[object, ...]]", Queue]]:
    """Run the floor's worker, and yield what triggers its runs."""
    part = Part("floor", "bench.floors.first_step", [], place.environment, place.folder / "floor.log")
    with connect(place.database_url) as connection, Supervisor([part]):
        connection.execute(CREATE)
        connection.autocommit = False
        connection.prepare_threshold = 2
        yield connection, open_queue(place.composition.redis)
