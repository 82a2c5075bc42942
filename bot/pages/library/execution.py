"""`/workflows/executions/{id}`: one execution of a workflow, with the path that it took and the runs that it caused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.library.graph import Graph, Progress, draw
from bot.pages.site import Site
from bot.rest.references import OTHER
from core.definitions.stored import StoredDefinitionInvalid, read_stored
from core.definitions.workflow import WorkflowDefinition
from core.errors import NotFound
from core.services.runs.finding import find_workflow_execution
from core.services.views.executions import view_executions
from core.services.views.reading import view_workflow_execution
from core.statuses import Status
from core.tables import Incident, RunbookExecution, WorkflowExecution
from core.unit_of_work import UnitOfWork
from core.views.executions import ActionView, ExecutionView, WorkflowExecutionView

MOST_RUNS = 50


@dataclass(frozen=True)
class ExecutionSeen:
    """`graph`: None if this release can no longer read what ran. `runs`: the first ones that it caused."""

    execution: WorkflowExecutionView
    incident_number: int
    graph: Graph | None
    runs: Sequence[ExecutionView]


@dataclass(frozen=True)
class WorkflowExecutionPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        reference = visit.request.path_params["id"]
        if not OTHER.fullmatch(reference):
            raise NotFound(f"There is no workflow execution {reference}.")
        with self.site.unit_of_work.begin() as work:
            seen = _read(work, find_workflow_execution(work, visit.person, reference))
        return self.site.show(visit, "workflow_execution.html", seen=seen, execution=seen.execution)


def _read(work: UnitOfWork, row: WorkflowExecution) -> ExecutionSeen:
    execution = view_workflow_execution(work, row)
    ids = execution.runbook_executions[:MOST_RUNS]
    rows = work.session.scalars(select(RunbookExecution).where(RunbookExecution.id.in_(ids)))
    by_time = sorted(rows, key=lambda run: (run.created_at, run.id))
    return ExecutionSeen(
        execution=execution,
        incident_number=work.session.get_one(Incident, row.incident_id).number,
        graph=_graph(row, execution),
        runs=view_executions(work, by_time),
    )


def _graph(row: WorkflowExecution, execution: WorkflowExecutionView) -> Graph | None:
    try:
        definition = read_stored(WorkflowDefinition, row.workflow_name, row.workflow_version, row.definition)
    except StoredDefinitionInvalid:
        return None
    return draw(definition, progress_of(execution))


def progress_of(execution: WorkflowExecutionView) -> Progress:
    return Progress(
        is_done=execution.status is Status.SUCCEEDED,
        statuses={action.id: action.status for action in execution.actions},
        taken=dict(map(_taken, execution.actions)),
    )


def _taken(action: ActionView) -> tuple[str, str]:
    output = action.output if isinstance(action.output, Mapping) else {}
    return action.id, str(output.get("branch", ""))
