"""The clock process starts what is scheduled."""

import threading
from datetime import timedelta

from sqlalchemy import func, select

from core.tables import Incident, Workflow, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.integration.workers.test_clock_and_ages import OneTick
from tests.world import TEAMS, apply_documents
from workers.scheduler import run_clock

OFTEN = """
kind: workflow
name: often
team: database
trigger: {on: schedule, cron: "* * * * *", incident: {title: Planned}}
actions: [{id: tell, type: message, text: done}]
"""


def test_an_occurrence_starts_once_however_many_clocks_there_are(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, f"{TEAMS}---{OFTEN}")
    with unit_of_work.begin() as work:
        for workflow in work.session.scalars(select(Workflow)):
            assert workflow.next_at is not None
            workflow.trigger_since -= timedelta(minutes=1)
            workflow.next_at -= timedelta(minutes=1)
            due = workflow.next_at
    clocks = [threading.Thread(target=run_clock, args=(unit_of_work, OneTick())) for _ in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()

    with unit_of_work.begin() as work:
        keys = list(work.session.scalars(select(Incident.request_key).order_by(Incident.number)))
        started = work.session.scalar(select(func.count()).select_from(WorkflowExecution))
    assert len(keys) == len(set(keys)) == started  # a second one only if the minute has passed meanwhile
    assert str(keys[0]).endswith(due.isoformat())
