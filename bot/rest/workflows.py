"""`/workflows`: the library, and what ran from it."""

from http import HTTPStatus

from starlette.responses import Response

from bot.rest.answers import WorkflowExecutionAnswer, WorkflowExecutionPage, WorkflowPage
from bot.rest.bodies import Body
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.idempotency import CurrentPost
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentName, WorkflowExecutionReference, WorkflowReference
from core.service import Work
from core.services.incidents import find_incident
from core.services.listing import Position, list_workflow_executions, list_workflows
from core.services.reading import view_workflow, view_workflow_execution
from core.services.workflow_runs import find_workflow_execution
from core.services.workflow_starts import start_workflow_by_person
from core.services.workflows import find_workflow
from core.tables import Workflow, WorkflowExecution

router = authenticated_router("workflows")


@router.get("")
def list_all(caller: CurrentCaller, page: WantedPage) -> WorkflowPage:
    """The workflows of your teams and the global ones, newest first."""
    with caller.service.transaction() as work:
        found = page.cut(list_workflows(work, caller.person, page.window), _position)
        return WorkflowPage(workflows=list(map(view_workflow, found.rows)), next_cursor=found.next_cursor)


def _position(workflow: Workflow) -> Position:
    return Position(workflow.created_at, workflow.id)


@router.get("/executions/{id}")
def show_execution(execution: WorkflowExecutionReference, caller: CurrentCaller) -> WorkflowExecutionAnswer:
    """One run of a workflow, with the runbook executions that it caused."""
    with caller.service.transaction() as work:
        row = find_workflow_execution(work, caller.person, execution)
        return WorkflowExecutionAnswer(execution=view_workflow_execution(work, row))


@router.get("/{id}/executions")
def list_executions(
    workflow: WorkflowReference, caller: CurrentCaller, page: WantedPage
) -> WorkflowExecutionPage:
    """What ran of the workflow for the incidents of your teams, newest first."""
    with caller.service.transaction() as work:
        row = find_workflow(work, caller.person, workflow)
        found = page.cut(list_workflow_executions(work, caller.person, row, page.window), _position_of_run)
        views = [view_workflow_execution(work, execution) for execution in found.rows]
        return WorkflowExecutionPage(executions=views, next_cursor=found.next_cursor)


def _position_of_run(execution: WorkflowExecution) -> Position:
    return Position(execution.created_at, execution.id)


class ManualStart(Body):
    """For which incident a workflow is started."""

    incident_id: IncidentName


@router.post("/{id}/execute", status_code=HTTPStatus.CREATED, response_model=WorkflowExecutionAnswer)
def execute(workflow: WorkflowReference, body: ManualStart, post: CurrentPost) -> Response:
    """Start a workflow whose trigger is `manual`."""

    def act(work: Work) -> WorkflowExecutionAnswer:
        person = post.caller.person
        row = find_workflow(work, person, workflow)
        incident = find_incident(work, person, body.incident_id)
        execution_id = start_workflow_by_person(work, person, row, incident, post.request_key)
        execution = find_workflow_execution(work, person, execution_id)
        return WorkflowExecutionAnswer(execution=view_workflow_execution(work, execution))

    return post.once(act, HTTPStatus.CREATED)
