"""The `runbook` action, the runbook action handler: start a runbook for the workflow's incident."""

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
    """Start the named runbook. The workflow continues at once, unless `wait` is true.

    With `wait: true`, the action ends when the runbook's run ends, and fails if the run did not succeed. Then
    `actions.ID.output` has the run's `status`, `error` and `execution_id`, and for each of its steps `steps.ID.status`
    and `steps.ID.saved`. `timeout` limits the wait; `retry: {safe: true}` runs the runbook again if it failed.
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
    """The runbook's name. It must be approved, and either global or owned by the incident's team."""
    parameters: dict[str, PublicJson] = {}
    """The parameters to run it with."""
    wait: bool = False
    """Whether the workflow waits until the run has ended."""

    def prepare(self, context: Context) -> Prepared:
        parameters = render(self.parameters, context.shown_scope, ("parameters",))
        assert isinstance(parameters, dict)
        return Inside(lambda work: self._start(work, context, parameters))

    def _start(self, work: UnitOfWork, context: Context, parameters: Mapping[str, Json]) -> StepResult:
        """Create the runbook execution, tagged with the workflow execution, in the action's own transaction."""
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
        """Wait for the run; its end completes the action (core.services.runs.changes). If it has ended, return that."""
        if Status(execution.status).is_final:
            return result_of(execution, load(work.session, RUNBOOK, execution).state)
        return Waits(WaitingFor.CALLBACK, context.now + self.timeout if self.timeout else None)
