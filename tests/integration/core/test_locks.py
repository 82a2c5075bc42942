"""Locks: never two executions on one, whatever happens, and the queue moves on."""

import pytest

from core.errors import Conflict
from core.service import UnitOfWorkFactory
from core.services.access.people import load_person
from core.services.executions.loading import RUNBOOK, WORKFLOW
from core.services.runs.control import cancel
from core.statuses import Status, WaitingFor
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


def apply_locked(service: UnitOfWorkFactory, on_conflict: str) -> None:
    apply_documents(service, TEAMS + "---" + LOCKED.format(on_conflict=on_conflict))


def test_a_second_run_on_a_lock_is_refused_and_told_who_holds_it(service: UnitOfWorkFactory) -> None:
    apply_locked(service, "reject")
    incident = new_incident(service)
    holder = start_run(service, incident, "locked")

    with pytest.raises(Conflict, match=f"db/orders is locked by locked .{holder}."):
        start_run(service, incident, "locked")


def test_a_workflow_that_holds_a_lock_is_named(
    service: UnitOfWorkFactory, recorded_bells: RecordedJobs
) -> None:
    apply_locked(service, "reject")
    apply_documents(service, HOLDS)
    incident = new_incident(service)
    [(_, flow)] = recorded_bells.enqueued
    new_executor(service).run(WORKFLOW, flow)

    with pytest.raises(Conflict, match=r"which is pending; workflow holds asked for it\."):
        start_run(service, incident, "locked")


def test_another_lock_of_the_same_runbook_is_free(service: UnitOfWorkFactory) -> None:
    apply_locked(service, "reject")
    incident = new_incident(service)
    start_run(service, incident, "locked")

    assert start_run(service, incident, "locked", cluster="users")


def test_a_lock_is_free_again_after_the_run(service: UnitOfWorkFactory, recorded_bells: RecordedJobs) -> None:
    apply_locked(service, "reject")
    incident = new_incident(service)
    start_run(service, incident, "locked")
    work_off(service, new_executor(service), recorded_bells.enqueued)

    assert start_run(service, incident, "locked")


def test_the_queue_of_a_lock_moves_on_in_order(
    service: UnitOfWorkFactory, recorded_bells: RecordedJobs
) -> None:
    apply_locked(service, "queue")
    incident = new_incident(service)
    first, second, third = (start_run(service, incident, "locked") for _ in range(3))
    assert see(service, second).waiting_for is WaitingFor.LOCK
    assert recorded_bells.enqueued == [("runbook", first)]

    new_executor(service).run(RUNBOOK, first)
    assert recorded_bells.enqueued == [("runbook", first), ("runbook", second)]
    assert see(service, third).waiting_for is WaitingFor.LOCK
    work_off(service, new_executor(service), recorded_bells.enqueued)

    assert [see(service, run).status for run in (first, second, third)] == [Status.SUCCEEDED] * 3


def test_a_cancelled_run_leaves_the_queue_and_lets_its_lock_go(service: UnitOfWorkFactory) -> None:
    apply_locked(service, "queue")
    incident = new_incident(service)
    holder, second, third = (start_run(service, incident, "locked") for _ in range(3))

    for run in (second, holder):
        with service.transaction() as work:
            cancel(work, load_person(work, "U0DBOPS", source="test"), run)

    assert see(service, second).status is Status.CANCELLED
    assert see(service, third).waiting_for is None
