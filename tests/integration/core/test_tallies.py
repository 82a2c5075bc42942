"""Analytics, against what the rows themselves say: counts exactly, percentiles within their error."""

import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from bench.report import percentile
from core.advisory_locks import Number
from core.decisions.people import Person
from core.services.access.people import load_person
from core.services.analytics import tallies
from core.services.analytics.figures import analyse_runbook, analyse_workflow
from core.services.analytics.tallies import ERROR
from core.services.library.runbooks import find_runbook
from core.services.runs.retries import retry
from core.statuses import FINAL
from core.tables import Approval, EndedExecution, Incident, RunbookExecution, StepExecution, Workflow
from core.unit_of_work import UnitOfWorkFactory
from core.views.records import AnalyticsView, PercentilesView
from tests.integration.core.world import CoreWorld
from tests.world import apply_documents, new_incident, start_run
from workers.scheduler import count_what_ended

RUNBOOK = """
kind: runbook
name: tried
steps:
  - {id: look, type: message, text: looked}
  - {id: gate, type: approval}
  - {id: act, type: message, text: done}
"""
FLOW = """
kind: workflow
name: flow
trigger: {on: incident.created}
actions:
  - {id: run, type: runbook, runbook: tried, wait: true}
"""
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
ERRORS = ("no disk", "no net", None)


@pytest.fixture
def ops(world: CoreWorld) -> Person:
    apply_documents(world.unit_of_work, RUNBOOK)
    return person(world.unit_of_work, "U0DBOPS")


def person(unit_of_work: UnitOfWorkFactory, who: str) -> Person:
    with unit_of_work.begin() as work:
        return load_person(work, who, source="test")


def analysed(unit_of_work: UnitOfWorkFactory, who: Person, since: datetime | None = None) -> AnalyticsView:
    with unit_of_work.begin() as work:
        return analyse_runbook(work, who, find_runbook(work, who, "tried"), since=since)


def counted(unit_of_work: UnitOfWorkFactory) -> int:
    with unit_of_work.begin() as work:
        return tallies.count_ended(work)


def write_runs(
    unit_of_work: UnitOfWorkFactory, incidents: Sequence[Incident], chance: random.Random, size: int
) -> None:
    """Ended in every way, and not ended, over five days around midnights; with gates, and steps that failed."""
    with unit_of_work.begin() as work:
        runbook = find_runbook(work, Person("U0ADMIN", is_platform_admin=True, source="test"), "tried")
        for number in range(size):
            at = MIDNIGHT + timedelta(days=chance.randint(0, 4), microseconds=chance.choice([-1, 0, 1]))
            status = chance.choice(["succeeded", "succeeded", "failed", "timed_out", "cancelled", "running"])
            has_ended = status in FINAL
            started = at if has_ended and chance.random() < 0.9 else None
            run = RunbookExecution(
                id=f"rbx_{chance.getrandbits(40):x}{number}",
                definition=runbook.definition,
                status=status,
                requested_by="U0DBOPS",
                created_at=at,
                started_at=started,
                finished_at=at + timedelta(seconds=chance.expovariate(0.01)) if has_ended else None,
                runbook_id=runbook.id,
                runbook_name="tried",
                runbook_version=1,
                parameters={},
                incident_id=chance.choice(incidents).id,
            )
            work.session.add(run)
            work.session.flush()
            work.session.add_all(_around(run, chance))


def _around(run: RunbookExecution, chance: random.Random) -> Iterator[StepExecution | Approval]:
    failed_at = chance.randint(0, 2) if run.status in ("failed", "timed_out") else None
    for position, step in enumerate(("look", "gate", "act")):
        status = chance.choice(["failed", "timed_out", "unknown"]) if position == failed_at else "succeeded"
        error = chance.choice(ERRORS) if position == failed_at else None
        yield StepExecution(
            execution_id=run.id, position=position, step_id=step, type="message", status=status, error=error
        )
    yield Approval(
        id=run.id.replace("rbx", "apr"),
        execution_id=run.id,
        position=1,
        attempt=1,
        policy={},
        message="",
        status=chance.choice(["approved", "approved", "expired"]),
        opened_at=run.created_at,
        closed_at=run.created_at + timedelta(seconds=chance.expovariate(0.1)),
    )


def check(
    unit_of_work: UnitOfWorkFactory, who: Person, teams: set[str], since: datetime | None = None
) -> AnalyticsView:
    """What is told is what one counts in the rows, of the teams' incidents, from the day on."""
    seen = analysed(unit_of_work, who, since)
    with unit_of_work.begin() as work:
        of_teams = select(Incident.id).where(Incident.team.has(name=next(iter(teams))))
        query = select(RunbookExecution)
        if len(teams) == 1:
            query = query.where(RunbookExecution.incident_id.in_(of_teams))
        runs = [run for run in work.session.scalars(query) if since is None or run.created_at >= since]
        ended = [run for run in runs if run.finished_at is not None]
        won = [run.finished_at for run in ended if run.status == "succeeded" and run.finished_at is not None]
        ids = {run.id for run in ended}
        gates = [
            gate.closed_at - gate.opened_at
            for gate in work.session.scalars(select(Approval).where(Approval.status == "approved"))
            if gate.execution_id in ids and gate.closed_at is not None
        ]
        assert (seen.executions, seen.ended, seen.succeeded) == (len(runs), len(ended), len(won))
        assert seen.last_success == max(won, default=None)
        took = [run.finished_at - run.started_at for run in ended if run.started_at and run.finished_at]
        _check_percentiles(seen.duration_seconds, took)
        _check_percentiles(seen.approval_seconds, gates)
        assert [(each.step, each.executions, each.error) for each in seen.failures] == _failures(
            work.session, ended
        )
    return seen


def _check_percentiles(seen: PercentilesView | None, times: Sequence[timedelta]) -> None:
    assert (seen is None) == (not times)
    if seen is not None:
        seconds = [each.total_seconds() for each in times]
        for told, share in ((seen.p50, 0.5), (seen.p95, 0.95)):
            exact = percentile(seconds, share)
            # A bucket is ERROR wide, and what is shown of it is rounded to a millisecond.
            assert told == pytest.approx(exact, abs=ERROR * exact + 0.001)


def _failures(session: Session, runs: Sequence[RunbookExecution]) -> list[tuple[str, int, str | None]]:
    ids = {run.id for run in runs if run.status in ("failed", "timed_out")}
    steps = [
        step
        for step in session.scalars(select(StepExecution))
        if step.execution_id in ids and step.status in ("failed", "timed_out", "unknown")
    ]
    times = Counter(step.step_id for step in steps)
    errors = {
        name: Counter(step.error for step in steps if step.step_id == name and step.error) for name in times
    }
    most = {
        name: min(each, key=lambda error: (-each[error], error)) if each else None
        for name, each in errors.items()
    }
    return sorted(((name, n, most[name]) for name, n in times.items()), key=lambda each: (-each[1], each[0]))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_are_those_of_the_rows_whatever_is_counted_yet(
    unit_of_work: UnitOfWorkFactory, world: CoreWorld, ops: Person, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(tallies, "AT_ONCE", 70)
    web = new_incident(unit_of_work, "U0ADMIN", team="web")
    for _ in range(3):
        write_runs(unit_of_work, [world.incident, web], chance, 100)
        counted(unit_of_work)
        check(unit_of_work, ops, {"database"})
        check(unit_of_work, person(unit_of_work, "U0ADMIN"), {"database", "web"})
        for day in (1, 4):
            check(unit_of_work, person(unit_of_work, "U0WEB"), {"web"}, MIDNIGHT + timedelta(days=day))
    assert count_what_ended(unit_of_work) > 0
    assert counted(unit_of_work) == 0
    check(unit_of_work, ops, {"database"})


def test_what_was_asked_for_before_midnight_is_of_the_day_before(
    unit_of_work: UnitOfWorkFactory, world: CoreWorld, ops: Person
) -> None:
    ended_after_midnight = timedelta(hours=30)
    for at in (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT):
        run = world.begin("- {id: say, type: message, text: hello}", name="tried")
        world.work()
        with unit_of_work.begin() as work:
            row = work.session.get_one(RunbookExecution, run)
            row.created_at = row.started_at = at
            row.finished_at = at + ended_after_midnight
    for count in (False, True):
        if count:
            assert counted(unit_of_work) == 2
        assert analysed(unit_of_work, ops).ended == 2
        assert analysed(unit_of_work, ops, MIDNIGHT).ended == 1
        assert analysed(unit_of_work, ops, MIDNIGHT + timedelta(hours=23, minutes=59)).ended == 1
        assert analysed(unit_of_work, ops, MIDNIGHT + timedelta(days=1)).ended == 0
        in_new_york = datetime.fromisoformat("2026-02-28T20:00:00-05:00")  # the first of March, in UTC
        assert analysed(unit_of_work, ops, in_new_york).since == MIDNIGHT


def test_a_retry_is_a_run_of_its_own_and_what_it_carried_over_did_not_fail_again(
    unit_of_work: UnitOfWorkFactory, world: CoreWorld, ops: Person
) -> None:
    steps = "- {id: say, type: message, text: hello}\n- {id: call, type: http, url: 'http://127.0.0.1:9/'}"
    run = world.begin(steps, name="tried")
    world.work()
    assert world.see(run).status == "failed"
    counted(unit_of_work)
    with unit_of_work.begin() as work:
        retry(work, ops, run)
    assert (check(unit_of_work, ops, {"database"}).executions, analysed(unit_of_work, ops).ended) == (2, 1)
    world.work()
    seen = check(unit_of_work, ops, {"database"})

    assert (seen.executions, seen.ended, seen.failures[0].executions) == (2, 2, 2)
    counted(unit_of_work)
    assert analysed(unit_of_work, ops) == seen


def test_a_cancelled_run_ended_once(unit_of_work: UnitOfWorkFactory, world: CoreWorld, ops: Person) -> None:
    run = start_run(unit_of_work, world.incident, "tried")
    world.work()
    world.cancel(run)
    world.work()
    seen = check(unit_of_work, ops, {"database"})

    assert (seen.executions, seen.ended, seen.succeeded, seen.failures) == (1, 1, 0, [])
    assert (counted(unit_of_work), counted(unit_of_work)) == (1, 0)
    assert check(unit_of_work, ops, {"database"}) == seen


def test_an_end_that_is_not_committed_is_not_counted(
    unit_of_work: UnitOfWorkFactory, world: CoreWorld, ops: Person
) -> None:
    run = start_run(unit_of_work, world.incident, "tried")
    with Session(unit_of_work.engine) as session:
        session.get_one(RunbookExecution, run).finished_at = MIDNIGHT
        session.flush()
        assert session.scalars(select(EndedExecution.execution_id)).all() == [run]
        session.rollback()

    assert counted(unit_of_work) == 0
    assert analysed(unit_of_work, ops).ended == 0


def test_the_gates_of_a_workflows_runs_are_its_time_to_approve(
    unit_of_work: UnitOfWorkFactory, world: CoreWorld, ops: Person
) -> None:
    apply_documents(unit_of_work, FLOW)
    new_incident(unit_of_work)
    world.work()
    with unit_of_work.begin() as work:
        run = work.session.scalars(select(RunbookExecution)).one().id
    world.clock.pass_by(seconds=100)
    world.decide(run, approved=True)
    world.work()
    for count in (False, True):
        if count:
            assert counted(unit_of_work) == 2
        with unit_of_work.begin() as work:
            workflow = work.session.scalars(select(Workflow)).one()
            seen = analyse_workflow(work, ops, workflow)
        assert (seen.executions, seen.succeeded) == (1, 1)
        assert seen.approval_seconds is not None
        assert seen.approval_seconds.p50 == pytest.approx(100, rel=0.1)
        assert analysed(unit_of_work, ops).approval_seconds == seen.approval_seconds


def test_ends_and_clocks_at_once_count_each_end_once_and_no_reader_sees_it_otherwise(
    unit_of_work: UnitOfWorkFactory, world: CoreWorld, ops: Person, engine: Engine
) -> None:
    """The runs are there; they only end: at each moment all of them are told, ended or not."""
    runs = [start_run(unit_of_work, world.incident, "tried") for _ in range(60)]
    over, wrong = threading.Event(), []

    def end(ids: Sequence[str]) -> None:
        for id_ in ids:
            with engine.begin() as connection:
                ending = (
                    "UPDATE runbook_executions SET status = 'succeeded', finished_at = now() WHERE id = :id"
                )
                connection.execute(text(ending), {"id": id_})

    def count() -> None:
        while not over.is_set():
            counted(unit_of_work)

    def watch() -> None:
        before = 0
        while not over.is_set():
            seen = analysed(unit_of_work, ops)
            if seen.executions != len(runs) or seen.ended < before:
                wrong.append(seen)
            before = seen.ended

    threads = [threading.Thread(target=act) for act in (count, count, watch)]
    endings = [threading.Thread(target=end, args=(runs[part::3],)) for part in range(3)]
    _run_until(endings, threads, over)
    counted(unit_of_work)

    assert wrong == []
    assert (analysed(unit_of_work, ops).ended, analysed(unit_of_work, ops).succeeded) == (60, 60)


def _run_until(
    firsts: Sequence[threading.Thread], others: Sequence[threading.Thread], over: threading.Event
) -> None:
    """Run all; the others until the first ones have ended."""
    for thread in (*firsts, *others):
        thread.start()
    for thread in firsts:
        thread.join()
    over.set()
    for thread in others:
        thread.join()


def test_of_two_clocks_one_counts(
    unit_of_work: UnitOfWorkFactory, world: CoreWorld, engine: Engine, ops: Person
) -> None:
    run = start_run(unit_of_work, world.incident, "tried")
    world.cancel(run)
    with engine.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": Number.TALLIES.value})
        assert counted(unit_of_work) == 0
    assert counted(unit_of_work) == 1
