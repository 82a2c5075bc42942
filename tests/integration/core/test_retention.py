"""Retention: what is old goes, whole; what is open, or needed by what is open, stays; a portion is all or nothing."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise

import pytest
from sqlalchemy import func, insert, select, text, update

from bot.pages.links import GOOD_FOR
from core import fault_injection
from core.errors import NotAllowed
from core.services.access.listing import Window
from core.services.access.people import load_person
from core.services.analytics.figures import analyse_runbook
from core.services.audit.chain import verify_chain
from core.services.executions import secret_parameters
from core.services.executions.kinds import RUNBOOK, WORKFLOW
from core.services.incidents.timeline import timeline
from core.services.library.runbooks import find_runbook
from core.services.retention import pruning
from core.services.retention.choosing import outlook
from core.services.retention.pruning import prune_portion
from core.services.retention.rules import LEAST, Retention
from core.services.runs.retries import retry
from core.services.shared import idempotency
from core.tables import (
    ActionExecution,
    Approval,
    ApprovalDecision,
    AuditEntry,
    Base,
    Incident,
    Notice,
    RunbookExecution,
    StepExecution,
    WorkflowExecution,
)
from core.unit_of_work import UnitOfWork
from tests.integration.core.world import CoreWorld
from tests.world import apply_documents, new_incident, start_run
from workers.retention import Pruning
from workers.scheduler import count_what_ended, seal_the_audit_trail

YEAR = timedelta(days=365)
PRUNING = Pruning(Retention(runbook=YEAR, workflow=YEAR))
GATED = """
- {id: gate, type: approval, approvers: {team: database, role: admin}}
- {id: say, type: message, text: hello}
"""
FLOW = """
kind: workflow
name: flow
trigger: {on: incident.created}
actions: [{id: run, type: runbook, runbook: tried, wait: true}]
"""
OF_RUNS: tuple[type[Base], ...] = (RunbookExecution, StepExecution, Approval, ApprovalDecision)
OF_WORKFLOWS: tuple[type[Base], ...] = (WorkflowExecution, ActionExecution)


def rows(world: CoreWorld, *tables: type[Base]) -> list[int]:
    with world.unit_of_work.begin() as work:
        return [work.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def settle(world: CoreWorld, status: str = "closed", **later: float) -> None:
    """What ended is counted and told, the incidents are in this status, and time passes."""
    count_what_ended(world.unit_of_work)
    with world.unit_of_work.begin() as work:
        work.session.execute(update(Notice).values(delivered=Notice.wanted))
        work.session.execute(update(Incident).values(status=status))
    world.clock.pass_by(**later)


def prune(world: CoreWorld) -> int:
    return PRUNING.prune(world.unit_of_work)


@pytest.fixture
def run(world: CoreWorld) -> str:
    """A run that was approved and succeeded."""
    run = world.begin(GATED)
    world.work()
    world.decide(run, approved=True)
    world.work()
    assert world.see(run).status == "succeeded"
    return run


def test_an_old_run_goes_with_all_that_belongs_to_it(world: CoreWorld, run: str) -> None:
    settle(world, days=366)
    assert prune(world) == 1
    assert rows(world, *OF_RUNS) == [0, 0, 0, 0]
    with world.unit_of_work.begin() as work:
        kinds = list(work.session.scalars(select(Notice.kind)))
    assert kinds == ["incident"]


def test_a_run_that_is_not_old_enough_stays(world: CoreWorld, run: str) -> None:
    settle(world, days=364)
    assert prune(world) == 0
    assert Pruning(Retention()).prune(world.unit_of_work) == 0
    assert rows(world, RunbookExecution) == [1]


def test_the_audit_trail_and_the_figures_stay_and_the_deletion_is_in_the_trail(
    world: CoreWorld, run: str
) -> None:
    def figures() -> object:
        with world.unit_of_work.begin() as work:
            admin = load_person(work, "U0ADMIN", source="test")
            return analyse_runbook(work, admin, find_runbook(work, admin, "tried"))

    settle(world, days=366)
    before, entries = figures(), rows(world, AuditEntry)[0]
    prune(world)
    seal_the_audit_trail(world.unit_of_work)

    assert figures() == before
    with world.unit_of_work.begin() as work:
        assert verify_chain(work).broken is None
        last = work.session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1)).one()
    assert rows(world, AuditEntry) == [entries + 1]
    assert (last.action, last.actor, last.details["ids"]) == ("executions.pruned", "system", [run])


def test_the_incident_is_still_told(world: CoreWorld, run: str) -> None:
    settle(world, days=366)
    prune(world)
    with world.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, world.incident.id)
        assert [line.kind for line in timeline(work, incident, Window(50))] == ["incident.created"]


@pytest.mark.parametrize("status", ["open", "acknowledged"])
def test_runs_of_an_incident_that_is_not_resolved_stay(world: CoreWorld, run: str, status: str) -> None:
    settle(world, status, days=366)
    assert prune(world) == 0


def test_what_has_not_ended_stays_however_old_it_is(world: CoreWorld) -> None:
    world.begin(GATED)
    world.work()
    settle(world, days=3660)
    assert prune(world) == 0
    assert rows(world, RunbookExecution, Approval) == [1, 1]


def test_a_run_stays_while_its_end_is_not_counted_or_not_told(world: CoreWorld, run: str) -> None:
    with world.unit_of_work.begin() as work:
        work.session.execute(update(Incident).values(status="closed"))
    world.clock.pass_by(days=366)
    assert prune(world) == 0
    count_what_ended(world.unit_of_work)
    assert prune(world) == 0
    settle(world)
    assert prune(world) == 1


def test_a_workflow_goes_after_the_run_that_it_started(world: CoreWorld) -> None:
    world.begin("- {id: say, type: message, text: hello}")
    apply_documents(world.unit_of_work, FLOW)
    new_incident(world.unit_of_work)
    world.work()
    settle(world, days=366)
    with world.unit_of_work.begin() as work:
        assert outlook(work, WORKFLOW, work.now - YEAR, 5).kept == {"a run that it started is kept": 1}
    assert prune(world) == 3
    assert rows(world, *OF_RUNS, *OF_WORKFLOWS) == [0, 0, 0, 0, 0, 0]


def test_an_outlook_says_which_and_why(world: CoreWorld, run: str) -> None:
    settle(world, days=366)
    other = start_run(world.unit_of_work, world.incident, "tried")
    world.work()
    world.cancel(other)
    settle(world, days=366)
    with world.unit_of_work.begin() as work:
        work.session.execute(
            update(RunbookExecution).where(RunbookExecution.id == other).values(retry_of=run)
        )
        found = outlook(work, RUNBOOK, work.now - YEAR, 5)
    assert (found.total, [each.id for each in found.first]) == (1, [other])
    assert found.kept == {"it was retried, and the retry is kept": 1}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class KillAt:
    """Ends the process where it comes to the point for the nth time."""

    point: str
    countdown: int

    def reached(self, point: str) -> None:
        if point == self.point:
            self.countdown -= 1
            if self.countdown == 0:
                raise Killed

    def disables(self, guard: str) -> bool:
        return False


@pytest.mark.parametrize("point", ["commit.before", "commit.after"])
def test_a_kill_between_portions_loses_nothing_and_the_rest_goes_next_time(
    world: CoreWorld, run: str, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    with world.unit_of_work.begin() as work:
        for number in range(5):
            copy(work, RunbookExecution, run, id=f"rbx_{number}", request_key=None)
    settle(world, days=366)
    fault_injection.branch(KillAt(point, 2))
    try:
        with pytest.raises(Killed):
            prune(world)
    finally:
        fault_injection.branch(None)
    deleted = 4 if point == "commit.after" else 2
    with world.unit_of_work.begin() as work:
        told = work.session.scalars(select(AuditEntry).where(AuditEntry.action == "executions.pruned"))
        assert sum(entry.details["executions"] for entry in told) == deleted
    assert rows(world, RunbookExecution) == [6 - deleted]
    assert prune(world) == 6 - deleted


def test_a_run_that_somebody_is_retrying_is_left_out(world: CoreWorld, run: str) -> None:
    failed = world.begin("- {id: gone, type: fail, message: no}", name="fails")
    world.work()
    settle(world, days=366)
    with world.unit_of_work.begin() as retrying:
        work_of = load_person(retrying, "U0DBOPS", source="test")
        again = retry(retrying, work_of, failed)
        assert prune(world) == 1
    assert {failed, again.id} == set(ids(world))


def test_a_run_that_was_retried_just_before_it_was_locked_stays(
    world: CoreWorld, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the moment whose state a statement sees and its lock, somebody else may commit."""
    settle(world, days=366)
    again = start_run(world.unit_of_work, new_incident(world.unit_of_work), "tried")
    with world.unit_of_work.begin() as work:
        work.session.execute(
            update(RunbookExecution).where(RunbookExecution.id == again).values(retry_of=run)
        )
    monkeypatch.setattr(pruning, "_lock", lambda *_: [run])

    assert prune(world) == 0
    assert rows(world, RunbookExecution) == [2]


def test_only_the_operator_and_the_clock_delete(world: CoreWorld) -> None:
    with world.unit_of_work.begin() as work, pytest.raises(NotAllowed):
        prune_portion(work, load_person(work, "U0ADMIN", source="test"), RUNBOOK, work.now - YEAR)


def test_no_link_key_or_secret_outlives_what_it_needs() -> None:
    assert LEAST > GOOD_FOR
    assert LEAST > idempotency.KEPT
    assert LEAST > secret_parameters.KEPT


def ids(world: CoreWorld) -> list[str]:
    with world.unit_of_work.begin() as work:
        return list(work.session.scalars(select(RunbookExecution.id)))


def copy(
    work: UnitOfWork, table: type[RunbookExecution] | type[WorkflowExecution], id_: str, **other: object
) -> None:
    """Another row like this one."""
    row = work.session.get_one(table, id_)
    values = {column.key: getattr(row, column.key) for column in table.__mapper__.column_attrs}
    work.session.execute(insert(table).values({**values, **other}))


@dataclass
class Made:
    """An execution of the drawn world. `days`: since its end; None: it goes on."""

    id: str
    days: int | None
    incident_is_open: bool
    workflow: str | None = None
    retry_of: str | None = None
    children: list[int | None] = field(default_factory=list)


def draw(chance: random.Random, flows: Mapping[str, Made], number: Iterator[int]) -> Made:
    return Made(
        f"rbx_{next(number)}",
        chance.choice([None, 10, 364, 366, 500]),
        chance.random() < 0.2,
        workflow=chance.choice([None, None, *flows]),
        children=[chance.choice([None, 366, 366, 366]) for _ in range(chance.choice([0, 0, 2]))],
    )


def left(runs: Iterable[Made], flows: Iterable[Made]) -> set[str]:
    """What is to be left, by the words of the promise: each rule on its own, until nothing more may go."""
    kept = {each.id: each for each in runs}
    workflows = {each.id: each for each in flows}
    is_old = {each.id for each in (*runs, *flows) if (each.days or 0) > 365 and not each.incident_is_open}
    while True:
        retried = {each.retry_of for each in kept.values()}
        gone = {
            each.id
            for each in kept.values()
            if each.id in is_old
            and each.id not in retried
            and None not in each.children
            and (each.workflow is None or workflows[each.workflow].days is not None)
        }
        if not gone:
            break
        kept = {id_: each for id_, each in kept.items() if id_ not in gone}
    used = {each.workflow for each in kept.values()}
    return set(kept) | {id_ for id_ in workflows if id_ not in is_old or id_ in used}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_there_is_exactly_what_may_go_is_deleted(
    world: CoreWorld, run: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, number = random.Random(seed), count(1)
    monkeypatch.setattr(pruning, "AT_ONCE", 3)
    monkeypatch.setattr(pruning, "MOST_IN_FAMILIES", 4)
    apply_documents(world.unit_of_work, FLOW)
    open_, closed = new_incident(world.unit_of_work), new_incident(world.unit_of_work)
    world.work()
    settle(world)
    flows = {
        f"wfx_{n}": Made(f"wfx_{n}", chance.choice([None, 300, 400]), chance.random() < 0.2) for n in range(4)
    }
    runs = [draw(chance, flows, number) for _ in range(30)]
    for before, after in pairwise(runs):
        after.retry_of = before.id if chance.random() < 0.3 else None
    with world.unit_of_work.begin() as work:
        write(work, run, runs, flows, {True: open_.id, False: closed.id})
    prune(world)
    with world.unit_of_work.begin() as work:
        roots = select(RunbookExecution.id).where(RunbookExecution.parent_execution_id.is_(None))
        there = {*work.session.scalars(roots), *work.session.scalars(select(WorkflowExecution.id))}
        alone = work.session.scalar(
            text(
                "SELECT count(*) FROM runbook_executions AS child WHERE root_execution_id IS NOT NULL"
                " AND NOT EXISTS (SELECT FROM runbook_executions WHERE id = child.root_execution_id)"
            )
        )
    drawn = {each.id for each in (*runs, *flows.values())}
    assert there & drawn == left(runs, flows.values())
    assert alone == 0


def write(
    work: UnitOfWork,
    template: str,
    runs: Iterable[Made],
    flows: Mapping[str, Made],
    incidents: Mapping[bool, str],
) -> None:
    work.session.execute(update(Incident).where(Incident.id == incidents[True]).values(status="open"))
    flow = work.session.scalars(select(WorkflowExecution.id)).first()
    assert flow is not None
    for each in flows.values():
        event = f"evt_{each.id}"
        incident = incidents[each.incident_is_open]
        work.session.execute(
            text(
                "INSERT INTO incident_events (id, incident_id, type, actor, details, created_at)"
                " VALUES (:id, :incident, 'incident.created', 'U0', '{}', now())"
            ),
            {"id": event, "incident": incident},
        )
        copy(
            work,
            WorkflowExecution,
            flow,
            id=each.id,
            incident_id=incident,
            event_id=event,
            **ended(work.now, each.days),
        )
    for each in runs:
        shared = {
            "incident_id": incidents[each.incident_is_open],
            "workflow_execution_id": each.workflow,
            "request_key": None,
        }
        copy(
            work,
            RunbookExecution,
            template,
            id=each.id,
            retry_of=each.retry_of,
            **shared,
            **ended(work.now, each.days),
        )
        for index, days in enumerate(each.children):
            family = {
                "parent_execution_id": each.id,
                "root_execution_id": each.id,
                "parent_step": "fan",
                "child_round": 1,
            }
            copy(
                work,
                RunbookExecution,
                template,
                id=f"{each.id}c{index}",
                child_index=index,
                **family,
                **shared,
                **ended(work.now, days),
            )
    work.session.execute(text("DELETE FROM ended_executions"))


def ended(now: datetime, days: int | None) -> dict[str, object]:
    if days is None:
        return {"status": "waiting", "waiting_for": "timer", "finished_at": None, "wake_at": None}
    return {
        "status": "succeeded",
        "waiting_for": None,
        "finished_at": now - timedelta(days=days),
        "wake_at": None,
    }
