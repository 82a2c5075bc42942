"""A service with workflows in it, a worker and a clock: time passes when the test says so."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from sqlalchemy import select

from core.execution.executor import Executor
from core.services.access.people import load_person
from core.services.incidents.ages import start_workflows_by_age
from core.services.incidents.opening import change_status
from core.services.incidents.scheduled_incidents import close_finished_maintenance
from core.services.incidents.schedules import start_scheduled_workflows
from core.services.views.reading import view_incident, view_workflow_execution
from core.statuses import IncidentStatus
from core.tables import Incident, IncidentEvent, Notice, RunbookExecution, WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from core.views.executions import WorkflowExecutionView
from core.views.incidents import IncidentView
from tests.conftest import RecordedJobs
from tests.world import TEAMS, apply_documents, new_executor, new_incident, work_off
from workers.scheduler import enqueue_what_is_due

START = datetime(2026, 1, 5, 3, 12, tzinfo=UTC)


@dataclass
class Deployment:
    unit_of_work: UnitOfWorkFactory
    jobs: RecordedJobs
    frozen: FrozenDateTimeFactory
    secrets: dict[str, str] = field(default_factory=dict)
    executor: Executor | None = None  # of the one worker; None: each time it is a new one

    def apply(self, text: str) -> None:
        apply_documents(self.unit_of_work, f"{TEAMS}---{text}")

    def open(self, **values: Any) -> Incident:
        """An incident of team database; then the workers do what there is to do."""
        incident = new_incident(self.unit_of_work, **values)
        self.work()
        return incident

    def work(self) -> None:
        """A worker runs enqueued jobs until none is left."""
        executor = self.executor or new_executor(self.unit_of_work, secrets=self.secrets)
        work_off(self.unit_of_work, executor, self.jobs.enqueued)

    def at(self, moment: datetime | timedelta) -> None:
        """It is that moment, or that long after the start: the clock ticks, and the workers work."""
        self.frozen.move_to(moment if isinstance(moment, datetime) else START + moment)
        self.jobs.enqueued.clear()
        enqueue_what_is_due(self.unit_of_work)
        start_workflows_by_age(self.unit_of_work)
        start_scheduled_workflows(self.unit_of_work)
        self.work()
        close_finished_maintenance(self.unit_of_work)

    def change(self, incident: Incident, status: IncidentStatus) -> None:
        with self.unit_of_work.begin() as work:
            person = load_person(work, "U0DBOPS", source="test")
            change_status(work, person, work.session.get_one(Incident, incident.id), status)
        self.work()

    def runs(self, workflow: str | None = None) -> list[WorkflowExecutionView]:
        with self.unit_of_work.begin() as work:
            query = select(WorkflowExecution).order_by(WorkflowExecution.created_at, WorkflowExecution.id)
            rows = [row for row in work.session.scalars(query) if workflow in (None, row.workflow_name)]
            return [view_workflow_execution(work, row) for row in rows]

    def run(self, workflow: str | None = None) -> WorkflowExecutionView:
        [only] = self.runs(workflow)
        return only

    def statuses(self, workflow: str | None = None) -> dict[str, str]:
        """Of the only run: each action's status."""
        return {action.id: action.status.value for action in self.run(workflow).actions}

    def runbook_runs(self) -> list[RunbookExecution]:
        with self.unit_of_work.begin() as work:
            return list(work.session.scalars(select(RunbookExecution).order_by(RunbookExecution.created_at)))

    def incident(self, incident: Incident) -> IncidentView:
        with self.unit_of_work.begin() as work:
            return view_incident(work.session.get_one(Incident, incident.id))

    def events(self) -> list[IncidentEvent]:
        with self.unit_of_work.begin() as work:
            return list(work.session.scalars(select(IncidentEvent).order_by(IncidentEvent.number)))

    def messages(self) -> list[tuple[str | None, str]]:
        """What is said: the channel where one is named, and the text."""
        with self.unit_of_work.begin() as work:
            query = select(Notice).where(Notice.kind == "message").order_by(Notice.number)
            return [(notice.channel, str(notice.content["text"])) for notice in work.session.scalars(query)]

    def said(self) -> list[str]:
        return [text for _, text in self.messages()]
