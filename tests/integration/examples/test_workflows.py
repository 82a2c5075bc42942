"""The example workflows that wait and branch, played through."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from freezegun import freeze_time
from sqlalchemy import select

import examples
from cli.apply import apply_files
from core.services.access.people import load_person
from core.services.incidents.ages import start_workflows_by_age
from core.services.library.workflows import find_workflow
from core.services.runs.approvals import decide_gate, open_gates
from core.services.starts.workflow_starts import start_workflow_by_person
from core.tables import Incident, Notice
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.world import new_executor, new_incident, work_off
from workers.scheduler import enqueue_what_is_due

DEFINITIONS = Path(examples.__file__).parent / "definitions"
START = datetime(2060, 1, 5, 3, 12, tzinfo=UTC)  # after the definitions were applied


@pytest.fixture
def example(unit_of_work: UnitOfWorkFactory) -> UnitOfWorkFactory:
    apply_files(unit_of_work, [DEFINITIONS], approve=True)
    return unit_of_work


def work_on(unit_of_work: UnitOfWorkFactory, jobs: RecordedJobs) -> None:
    enqueue_what_is_due(unit_of_work)
    start_workflows_by_age(unit_of_work)
    executor = new_executor(unit_of_work, secrets={"DB_API": "http://127.0.0.1:9"})
    work_off(unit_of_work, executor, jobs.enqueued)


def said(unit_of_work: UnitOfWorkFactory) -> list[str]:
    with unit_of_work.begin() as work:
        query = select(Notice).where(Notice.kind == "message").order_by(Notice.number)
        return [str(notice.content["text"]) for notice in work.session.scalars(query)]


@pytest.mark.parametrize(("severity", "messages"), [("high", 2), ("low", 0)])
def test_nobody_answers(
    example: UnitOfWorkFactory, recorded_jobs: RecordedJobs, severity: str, messages: int
) -> None:
    with freeze_time(START) as frozen:
        incident = new_incident(example, person="U0BOB", severity=severity)
        for minutes in (15, 30):
            frozen.move_to(START + timedelta(minutes=minutes))
            work_on(example, recorded_jobs)
    assert len(said(example)) == messages
    with example.begin() as work:
        assert work.session.get_one(Incident, incident.id).severity == "high"


def test_restart_checkout_says_that_it_did_not_help(
    example: UnitOfWorkFactory, recorded_jobs: RecordedJobs
) -> None:
    incident = new_incident(example, person="U0DAN", team="web")
    with example.begin() as work:
        dan = load_person(work, "U0DAN", source="test")
        found = work.session.get_one(Incident, incident.id)
        start_workflow_by_person(work, dan, find_workflow(work, dan, "restart-checkout"), found, None)
    work_on(example, recorded_jobs)
    with example.begin() as work:
        carla = load_person(work, "U0CARLA", source="test")
        [gate] = open_gates(work, carla)
        decide_gate(work, carla, gate.id, approved=True)
    work_on(example, recorded_jobs)
    [text] = said(example)
    assert text.startswith("The restart did not help: restart-service (rbx_")
