"""What may begin a run meets a freeze first, and holds no row by then: or each of the two would wait for the other."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from core.advisory_locks import freeze_alone
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK, WORKFLOW
from core.services.incidents.ages import start_workflows_by_age
from core.services.incidents.opening import change_status
from core.services.runs.control import cancel
from core.statuses import IncidentStatus
from core.tables import Incident
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.world import TEAMS, apply_documents, new_executor, new_incident, start_run

FLOWS = """
kind: runbook
name: fixed
steps: [{id: said, type: message, text: hello}]
---
kind: runbook
name: gated
team: database
steps: [{id: gate, type: approval, approvers: {team: database}}]
---
kind: workflow
name: follows
trigger: {on: incident.status_changed}
actions: [{id: go, type: runbook, runbook: fixed}]
---
kind: workflow
name: waits
trigger: {on: incident.created}
actions: [{id: gate, type: runbook, runbook: gated, wait: true}, {id: closed, type: set, status: closed}]
---
kind: workflow
name: aged
trigger: {on: incident.age, minutes: 1}
actions: [{id: go, type: runbook, runbook: fixed}]
"""
ALL_ROWS = [
    "SELECT FROM runbooks FOR UPDATE NOWAIT",
    "SELECT FROM incidents FOR UPDATE NOWAIT",
    "SELECT FROM notices FOR UPDATE NOWAIT",
    "SELECT FROM runbook_executions FOR UPDATE NOWAIT",
    "SELECT FROM workflow_executions FOR UPDATE NOWAIT",
]
WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""


@pytest.fixture
def incident(unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs) -> Incident:
    """With a workflow that waits for a runbook, which waits at its gate."""
    apply_documents(unit_of_work, TEAMS + "---" + FLOWS)
    incident = new_incident(unit_of_work)
    executor = new_executor(unit_of_work)
    while recorded_jobs.enqueued:
        kind, execution_id = recorded_jobs.enqueued.pop(0)
        executor.run(WORKFLOW if kind == "workflow" else RUNBOOK, execution_id)
    return incident


@contextmanager
def freezing(unit_of_work: UnitOfWorkFactory) -> Iterator[UnitOfWork]:
    with unit_of_work.begin() as work:
        freeze_alone(work.session)
        yield work


def acknowledge(unit_of_work: UnitOfWorkFactory, incident: Incident) -> None:
    with unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        change_status(work, person, work.session.get_one(Incident, incident.id), IncidentStatus.ACKNOWLEDGED)


def cancel_what_a_workflow_waits_for(unit_of_work: UnitOfWorkFactory, _incident: Incident) -> None:
    with unit_of_work.begin() as work:
        run = work.session.scalar(text("SELECT id FROM runbook_executions WHERE runbook_name = 'gated'"))
        cancel(work, load_person(work, "U0DBOPS", source="test"), str(run))


def open_another(unit_of_work: UnitOfWorkFactory, _incident: Incident) -> None:
    new_incident(unit_of_work, slack_channel="C0ANOTHER")


def run_a_runbook(unit_of_work: UnitOfWorkFactory, incident: Incident) -> None:
    start_run(unit_of_work, incident, "fixed")


def come_of_age(unit_of_work: UnitOfWorkFactory, _incident: Incident) -> None:
    with unit_of_work.begin() as work:
        work.session.execute(text("UPDATE incidents SET created_at = created_at - interval '2 minutes'"))
        work.session.execute(text("UPDATE workflows SET trigger_since = now() - interval '1 hour'"))
    start_workflows_by_age(unit_of_work)


def work_on_a_workflow(unit_of_work: UnitOfWorkFactory, incident: Incident) -> None:
    """Its action starts a runbook."""
    flow = text("SELECT id FROM workflow_executions WHERE workflow_name = 'follows'")
    with unit_of_work.begin() as work:
        flow_id = str(work.session.scalar(flow))
    new_executor(unit_of_work).run(WORKFLOW, flow_id)
    assert incident.id


Deed = Callable[[UnitOfWorkFactory, Incident], None]


@pytest.mark.parametrize(
    "deed", [acknowledge, cancel_what_a_workflow_waits_for, open_another, come_of_age, run_a_runbook]
)
def test_who_waits_for_a_freeze_holds_nothing_that_it_may_want(
    unit_of_work: UnitOfWorkFactory, incident: Incident, deed: Deed
) -> None:
    with ThreadPoolExecutor(1) as pool, freezing(unit_of_work) as work:
        done = pool.submit(deed, unit_of_work, incident)
        await_waiting(unit_of_work.engine)
        for rows in ALL_ROWS:
            work.session.execute(text(rows))
    done.result(timeout=10)


def await_waiting(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for _ in range(1_000):
            if connection.scalar(text(WAITING)):
                return
            threading.Event().wait(0.01)
    raise AssertionError("It never asked whether there is a freeze.")


def test_a_workers_action_waits_for_a_freeze_with_nothing_in_its_hands(
    unit_of_work: UnitOfWorkFactory, incident: Incident, recorded_jobs: RecordedJobs
) -> None:
    acknowledge(unit_of_work, incident)
    assert recorded_jobs.enqueued
    with ThreadPoolExecutor(1) as pool, freezing(unit_of_work) as work:
        done = pool.submit(work_on_a_workflow, unit_of_work, incident)
        await_waiting(unit_of_work.engine)
        for rows in ALL_ROWS:
            work.session.execute(text(rows))
    done.result(timeout=10)


def test_the_victim_of_a_deadlock_is_tried_again(unit_of_work: UnitOfWorkFactory) -> None:
    tried: list[int] = []

    def act(work: UnitOfWork) -> str:
        tried.append(1)
        if len(tried) < 3:
            raise OperationalError("", {}, psycopg.errors.DeadlockDetected())
        return f"done, at {work.now:%Y}"

    assert unit_of_work.run(act).startswith("done")
    assert len(tried) == 3


def test_what_is_a_victim_again_and_again_is_told(unit_of_work: UnitOfWorkFactory) -> None:
    tried: list[int] = []

    def act(work: UnitOfWork) -> None:
        tried.append(1)
        raise OperationalError("", {}, psycopg.errors.SerializationFailure())

    with pytest.raises(OperationalError):
        unit_of_work.run(act)
    assert len(tried) == 4


def test_a_database_that_is_away_is_not_tried_again(unit_of_work: UnitOfWorkFactory) -> None:
    tried: list[int] = []

    def act(work: UnitOfWork) -> None:
        tried.append(1)
        raise OperationalError("", {}, psycopg.errors.AdminShutdown())

    with pytest.raises(OperationalError):
        unit_of_work.run(act)
    assert len(tried) == 1
