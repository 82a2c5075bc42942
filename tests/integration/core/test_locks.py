"""Locks: never two executions on one, whatever happens, and the queue moves on."""

import pytest

from core.errors import Conflict
from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK, WORKFLOW
from core.services.runs.control import cancel
from core.statuses import Status, WaitingFor
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.world import TEAMS, apply_documents, new_executor, new_incident, see, start_run, work_off

LOCKED = """
kind: runbook
name: locked
parameters:
  type: object
  properties: {{cluster: {{type: string, default: orders}}}}
lock: db/{{{{ params.cluster }}}}
on_conflict: {on_conflict}
steps:
  - id: said
    type: message
    text: hello
"""

HOLDS = """
kind: workflow
name: holds
trigger: {on: incident.created}
actions: [{id: go, type: runbook, runbook: locked}]
"""


def apply_locked(unit_of_work: UnitOfWorkFactory, on_conflict: str) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + LOCKED.format(on_conflict=on_conflict))


def test_a_second_run_on_a_lock_is_refused_and_told_who_holds_it(unit_of_work: UnitOfWorkFactory) -> None:
    apply_locked(unit_of_work, "reject")
    incident = new_incident(unit_of_work)
    holder = start_run(unit_of_work, incident, "locked")

    with pytest.raises(Conflict, match=f"db/orders is locked by locked .{holder}."):
        start_run(unit_of_work, incident, "locked")


def test_a_workflow_that_holds_a_lock_is_named(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    apply_locked(unit_of_work, "reject")
    apply_documents(unit_of_work, HOLDS)
    incident = new_incident(unit_of_work)
    [(_, flow)] = recorded_jobs.enqueued
    new_executor(unit_of_work).run(WORKFLOW, flow)

    with pytest.raises(Conflict, match=r"which is pending, requested by workflow holds\."):
        start_run(unit_of_work, incident, "locked")


def test_another_lock_of_the_same_runbook_is_free(unit_of_work: UnitOfWorkFactory) -> None:
    apply_locked(unit_of_work, "reject")
    incident = new_incident(unit_of_work)
    start_run(unit_of_work, incident, "locked")

    assert start_run(unit_of_work, incident, "locked", cluster="users")


def test_a_lock_is_free_again_after_the_run(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    apply_locked(unit_of_work, "reject")
    incident = new_incident(unit_of_work)
    start_run(unit_of_work, incident, "locked")
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    assert start_run(unit_of_work, incident, "locked")


def test_the_queue_of_a_lock_moves_on_in_order(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    apply_locked(unit_of_work, "queue")
    incident = new_incident(unit_of_work)
    first, second, third = (start_run(unit_of_work, incident, "locked") for _ in range(3))
    assert see(unit_of_work, second).waiting_for is WaitingFor.LOCK
    assert recorded_jobs.enqueued == [("runbook", first)]

    new_executor(unit_of_work).run(RUNBOOK, first)
    assert recorded_jobs.enqueued == [("runbook", first), ("runbook", second)]
    assert see(unit_of_work, third).waiting_for is WaitingFor.LOCK
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    assert [see(unit_of_work, run).status for run in (first, second, third)] == [Status.SUCCEEDED] * 3


def test_a_cancelled_run_leaves_the_queue_and_lets_its_lock_go(unit_of_work: UnitOfWorkFactory) -> None:
    apply_locked(unit_of_work, "queue")
    incident = new_incident(unit_of_work)
    holder, second, third = (start_run(unit_of_work, incident, "locked") for _ in range(3))

    for run in (second, holder):
        with unit_of_work.begin() as work:
            cancel(work, load_person(work, "U0DBOPS", source="test"), run)

    assert see(unit_of_work, second).status is Status.CANCELLED
    assert see(unit_of_work, third).waiting_for is None
