"""The `runbook` action, the runbook action handler: start a runbook for the workflow's incident."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ValidationInfo

from core.definitions.actions import ActionDefinition
from core.definitions.fields import NameOrTemplate, NamePattern, PublicJson
from core.definitions.templates import is_template, render
from core.effects.runbook_names import chosen_runbook
from core.errors import RunbookError
from core.execution.preparation import Context, Inside, Prepared
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import load
from core.services.library.runbooks import runbook_for
from core.services.runs.changes import result_of
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.services.starts.runbook_starts import Start, start_by_workflow
from core.statuses import Status, WaitingFor
from core.tables import Incident, Runbook, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import Failed, Json, StepResult, Succeeded, Waits


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
    runbook: NameOrTemplate
    """The runbook's name. It must be approved, and either global or owned by the incident's team. It may be a template,
    such as `{{ incident.labels.runbook }}`; then the runbook is looked up when the action runs. If there is none to
    start, the action fails and the incident's channel is told why.
    """
    only: Annotated[tuple[NamePattern, ...], Field(min_length=1, max_length=50)] | None = None
    """The runbooks that a template may name: names, or the beginning of names followed by `*`. Without it, the template
    may name any runbook that the incident's team can run.
    """
    parameters: dict[str, PublicJson] = {}
    """The parameters to run it with."""
    wait: bool = False
    """Whether the workflow waits until the run has ended."""

    @field_validator("only")
    @classmethod
    def _refuse_without_template(
        cls, value: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        if value is not None and not is_template(info.data.get("runbook", "{{")):
            raise PydanticCustomError(
                "only_without_template",
                "only limits what a template may name. This name is fixed: remove only.",
            )
        return value

    def runbook_to_start(self) -> str | None:
        return None if is_template(self.runbook) else self.runbook

    def prepare(self, context: Context) -> Prepared:
        parameters = render(self.parameters, context.shown_scope, ("parameters",))
        assert isinstance(parameters, dict)
        return Inside(lambda work: self._act(work, context, parameters))

    def _act(self, work: UnitOfWork, context: Context, parameters: Mapping[str, Json]) -> StepResult:
        incident = work.session.get_one(Incident, context.incident_id)
        if not is_template(self.runbook):
            return self._start(work, context, runbook_for(work, self.runbook, incident), parameters)
        try:
            runbook = chosen_runbook(work, incident, self.runbook, self.only, context.shown_scope)
        except RunbookError as error:
            return self._not_chosen(work, context, error)
        return self._start(work, context, runbook, parameters)

    def _not_chosen(self, work: UnitOfWork, context: Context, error: RunbookError) -> Failed:
        """Fail, and tell the channel if the workflow continues. If it ends, its own failure is told with this error."""
        if self.on_failure == "continue":
            content = {"text": f":warning: Action *{self.id}*: {error}"}
            new = NewNotice(
                NoticeKind.MESSAGE,
                context.execution_id,
                context.incident_id,
                key=context.key,
                content=content,
            )
            notices.enqueue_notice(work, new)
        return Failed(str(error), final=True)

    def _start(
        self, work: UnitOfWork, context: Context, runbook: Runbook, parameters: Mapping[str, Json]
    ) -> StepResult:
        """Create the runbook execution, tagged with the workflow execution, in the action's own transaction."""
        start = Start(
            runbook=runbook,
            incident=work.session.get_one(Incident, context.incident_id),
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
        return Succeeded({"execution_id": execution.id, "runbook": runbook.name})

    def _wait(self, work: UnitOfWork, context: Context, execution: RunbookExecution) -> StepResult:
        """Wait for the run; its end completes the action (core.services.runs.changes). If it has ended, return that."""
        if Status(execution.status).is_final:
            return result_of(execution, load(work.session, RUNBOOK, execution).state)
        return Waits(WaitingFor.CALLBACK, context.now + self.timeout if self.timeout else None)
