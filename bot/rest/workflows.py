"""`/workflows`: the library, and what ran from it."""

from bot.rest.answers import WorkflowExecutionAnswer, WorkflowPage
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.paging import WantedPage
from bot.rest.references import WorkflowExecutionReference
from core.services.listing import Position, list_workflows
from core.services.reading import view_workflow, view_workflow_execution
from core.services.workflow_runs import find_workflow_execution
from core.tables import Workflow

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
