"""The action `runbook`: the runbook action handler. It starts a runbook for the workflow's incident."""

from collections.abc import Mapping
from typing import Literal

from core.definitions.actions import ActionDefinition
from core.definitions.fields import Name, PublicJson
from core.definitions.templates import render
from core.execution.preparation import Context, Inside, Prepared
from core.services.executions.loading import RUNBOOK, load
from core.services.library.runbooks import runbook_for
from core.services.runs.changes import result_of
from core.services.starts.runbook_starts import Start, start_by_workflow
from core.statuses import Status, WaitingFor
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Json, StepResult, Succeeded, Waits


class RunbookAction(ActionDefinition):
    """Start the runbook of that name. The workflow goes on at once: it schedules, it does not wait, unless `wait`.

    With `wait: true` the action is over when the runbook is, and fails if that failed. `actions.ID.output` has its
    `status`, `error`, `execution_id`, and for each of its steps `steps.ID.status` and `steps.ID.saved`. `timeout` is
    how long to wait; `retry: {safe: true}` runs the runbook again where it failed.
    """

    touches_outside = False
    example = """
id: failover
type: runbook
runbook: db-failover
parameters: {cluster: orders, reason: "{{ incident.title }}"}
"""

    type: Literal["runbook"]
    runbook: Name
    """The runbook's name. It must be approved, and global or of the incident's team."""
    parameters: dict[str, PublicJson] = {}
    """What it is run with."""
    wait: bool = False
    """Whether the workflow waits for the runbook's end."""

    def prepare(self, context: Context) -> Prepared:
        parameters = render(self.parameters, context.shown_scope, ("parameters",))
        assert isinstance(parameters, dict)
        return Inside(lambda work: self._start(work, context, parameters))

    def _start(self, work: UnitOfWork, context: Context, parameters: Mapping[str, Json]) -> StepResult:
        """Create the runbook execution, tagged with the workflow execution, in the transaction of the action."""
        incident = work.session.get_one(Incident, context.incident_id)
        start = Start(
            runbook=runbook_for(work, self.runbook, incident),
            incident=incident,
            parameters=parameters,
            request_key=context.key if context.attempt == 1 else f"{context.key}.{context.attempt}",
            workflow_execution_id=context.execution_id,
            awaited_by=self.id if self.wait else None,
            initiators=context.initiators,
            maybe_done=context.maybe_done,
        )
        execution = start_by_workflow(work, context.requester, start)
        if self.wait:
            return self._wait(work, context, execution)
        return Succeeded({"execution_id": execution.id, "runbook": self.runbook})

    def _wait(self, work: UnitOfWork, context: Context, execution: RunbookExecution) -> StepResult:
        """Its end answers, in its own transaction (core.services.runs.changes). One that has ended answers now."""
        if Status(execution.status).is_final:
            return result_of(execution, load(work.session, RUNBOOK, execution).state)
        return Waits(WaitingFor.CALLBACK, context.now + self.timeout if self.timeout else None)
