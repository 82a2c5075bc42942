"""A call that is under way when the time of the whole is over: in real time, for it is the call that is stopped."""

import socket

import pytest

from core.services.views.reading import view_workflow_execution
from core.statuses import Status
from core.tables import WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.world import TEAMS, apply_documents, new_executor, new_incident, work_off


@pytest.mark.parametrize(("method", "step"), [("GET", Status.FAILED), ("POST", Status.UNKNOWN)])
def test_it_is_stopped_and_the_workflow_has_run_out_of_time(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, method: str, step: Status
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = f"""
kind: workflow
name: slow
timeout: 700ms
trigger: {{on: incident.created}}
actions:
  - {{id: call, type: webhook, method: {method}, url: "http://127.0.0.1:{silent.getsockname()[1]}/"}}
  - {{id: tell, type: message, text: after}}
"""
        apply_documents(unit_of_work, f"{TEAMS}---{text}")
        new_incident(unit_of_work)
        [(_, execution_id)] = recorded_jobs.enqueued
        work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    with unit_of_work.begin() as work:
        run = view_workflow_execution(work, work.session.get_one(WorkflowExecution, execution_id))
    assert (run.status, run.error) == (Status.TIMED_OUT, "Not finished within 700 ms.")
    assert [action.status for action in run.actions] == [step, Status.PENDING]
    assert run.started_at is not None
    assert run.finished_at is not None
    assert (run.finished_at - run.started_at).total_seconds() < 10
