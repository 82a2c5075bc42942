"""The clock process starts what came of age."""

import threading
from datetime import timedelta

from sqlalchemy import select

from core.tables import Incident, Workflow, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.world import TEAMS, apply_documents, new_incident
from workers.scheduler import run_clock

AGE = """
kind: workflow
name: aged
trigger: {on: incident.age, minutes: 15}
actions: [{id: tell, type: message, text: old}]
"""


class OneTick(threading.Event):
    """Stops the clock after its first tick."""

    ticks = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.ticks += 1
        return self.ticks > 1


def test_a_tick_starts_the_workflows_of_incidents_that_are_old_enough(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    apply_documents(unit_of_work, f"{TEAMS}---{AGE}")
    new_incident(unit_of_work)
    with unit_of_work.begin() as work:
        for row in (*work.session.scalars(select(Incident)),):
            row.created_at -= timedelta(minutes=15)
        for workflow in work.session.scalars(select(Workflow)):
            workflow.trigger_since -= timedelta(minutes=1)
    run_clock(unit_of_work, OneTick())

    with unit_of_work.begin() as work:
        assert len(work.session.scalars(select(WorkflowExecution)).all()) == 1


def test_two_clocks_start_a_workflow_once(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, f"{TEAMS}---{AGE}")
    for _ in range(5):
        new_incident(unit_of_work)
    with unit_of_work.begin() as work:
        for row in work.session.scalars(select(Incident)):
            row.created_at -= timedelta(minutes=15)
        for workflow in work.session.scalars(select(Workflow)):
            workflow.trigger_since -= timedelta(minutes=1)
    clocks = [threading.Thread(target=run_clock, args=(unit_of_work, OneTick())) for _ in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()

    with unit_of_work.begin() as work:
        runs = work.session.scalars(select(WorkflowExecution)).all()
        assert len(runs) == len({run.incident_id for run in runs}) == 5
