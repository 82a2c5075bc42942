"""The executor on a real database: the whole way of a run, and what it never repeats."""

from collections.abc import Iterator

import pytest

from core.services.access.people import load_person
from core.services.executions.kinds import RUNBOOK
from core.services.runs.approvals import decide_gate
from core.statuses import Status, WaitingFor
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.world import (
    TEAMS,
    Target,
    apply_documents,
    new_executor,
    new_incident,
    running_target,
    see,
    start_run,
    work_off,
)

FAILOVER = """
kind: runbook
name: db-failover
team: database
parameters:
  type: object
  required: [cluster]
  properties:
    cluster: {type: string, enum: [orders, users]}
steps:
  - id: lag
    type: http
    url: "{{ secrets.API }}/lag"
    expect: response.status == 200 && response.json.seconds < 30.0
    save: {lag: response.json.seconds}
  - id: gate
    type: approval
    approvers: {team: database, role: admin, count: 1}
  - id: promote
    type: http
    method: POST
    url: "{{ secrets.API }}/promote/{{ params.cluster }}"
    json: {lag: "{{ steps.lag.saved.lag }}"}
  - id: verify
    type: shell
    argv: [echo, "{{ params.cluster }}"]
"""


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


def test_a_run_goes_from_the_first_step_over_its_gate_to_the_end(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, target: Target
) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + FAILOVER)
    execution_id = start_run(unit_of_work, new_incident(unit_of_work), "db-failover", cluster="orders")
    executor = new_executor(unit_of_work, secrets={"API": target.url})

    work_off(unit_of_work, executor, recorded_jobs.enqueued)
    waiting = see(unit_of_work, execution_id)
    assert (waiting.status, waiting.waiting_for) == (Status.WAITING, WaitingFor.APPROVAL)
    assert waiting.approval is not None
    assert target.paths() == ["/lag"]

    with unit_of_work.begin() as work:
        decide_gate(work, load_person(work, "U0DBADMIN", source="test"), waiting.approval.id, approved=True)
    work_off(unit_of_work, executor, recorded_jobs.enqueued)

    ended = see(unit_of_work, execution_id)
    assert ended.error is None
    assert ended.status is Status.SUCCEEDED
    assert [step.status for step in ended.steps] == [Status.SUCCEEDED] * 4
    assert target.paths() == ["/lag", "/promote/orders"]
    assert ended.steps[3].output == {"exit_code": 0, "stdout": "orders\n", "stderr": ""}
    assert target.url not in ended.model_dump_json()


def test_a_second_worker_finds_nothing_to_do(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, target: Target
) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + FAILOVER)
    execution_id = start_run(unit_of_work, new_incident(unit_of_work), "db-failover", cluster="orders")
    secrets = {"API": target.url}
    new_executor(unit_of_work, secrets=secrets).run(RUNBOOK, execution_id)
    new_executor(unit_of_work, secrets=secrets, worker="worker-2").run(RUNBOOK, execution_id)

    assert target.paths() == ["/lag"]
