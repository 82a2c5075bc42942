"""The action `runbook`: the runbook action handler. It starts a runbook for the workflow's incident."""

from collections.abc import Mapping
from typing import Literal

from core.actions.base import ActionDefinition
from core.decisions.execution import Json, StepResult, Succeeded
from core.definitions.fields import Name, PublicJson
from core.definitions.templates import render
from core.execution.preparation import Context, Inside, Prepared
from core.service import Work
from core.services.runbook_starts import Start, start_by_workflow
from core.services.runbooks import runbook_named
from core.tables import Incident


class RunbookAction(ActionDefinition):
    """Start the runbook of that name. The workflow goes on at once: it schedules, it does not wait."""

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

    def prepare(self, context: Context) -> Prepared:
        parameters = render(self.parameters, context.scope, ("parameters",))
        assert isinstance(parameters, dict)
        return Inside(lambda work: self._start(work, context, parameters))

    def _start(self, work: Work, context: Context, parameters: Mapping[str, Json]) -> StepResult:
        """Create the runbook execution, tagged with the workflow execution, in the transaction of the action."""
        start = Start(
            runbook=runbook_named(work, self.runbook),
            incident=work.session.get_one(Incident, context.incident_id),
            parameters=parameters,
            request_key=context.key,
            workflow_execution_id=context.execution_id,
        )
        execution = start_by_workflow(work, context.requester, start)
        return Succeeded({"execution_id": execution.id, "runbook": self.runbook})
