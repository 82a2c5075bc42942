"""`/incidents/{id}/runbooks`: what is run for an incident."""

from dataclasses import replace
from http import HTTPStatus

from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer, ExecutionPage
from bot.rest.bodies import Run
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import OfRunbook, RunFilter, runbook_id
from bot.rest.idempotency import CurrentPost
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentReference, NestedRunbookReference
from bot.rest.starting import OR_A_PLAN, start_or_plan
from core.services.execution_views import view_executions
from core.services.incidents import find_incident
from core.services.listing import Position, list_executions
from core.tables import RunbookExecution

router = authenticated_router("incidents")


@router.post(
    "/{id}/runbooks/{runbook_id}/execute",
    status_code=HTTPStatus.CREATED,
    response_model=ExecutionAnswer,
    responses=OR_A_PLAN,
)
def execute(
    incident: IncidentReference,
    runbook: NestedRunbookReference,
    post: CurrentPost,
    body: Run | None = None,
) -> Response:
    """Run a runbook for the incident. The answer comes once it is certain to run, before it has.

    With `dry_run` it is the plan of such a run, of which nothing is done.
    """
    return start_or_plan(post, incident, runbook, body or Run())


@router.get("/{id}/runbooks/executions")
def list_all(
    incident: IncidentReference,
    caller: CurrentCaller,
    page: WantedPage,
    wanted: RunFilter,
    runbook: OfRunbook = None,
) -> ExecutionPage:
    """What was run for the incident, newest first."""
    with caller.service.transaction() as work:
        found_incident = find_incident(work, caller.person, incident)
        only = replace(wanted, runbook=runbook_id(work, caller.person, runbook))
        found = page.cut(list_executions(work, found_incident, page.window, only), position_of_run)
        views = view_executions(work, found.rows)
        return ExecutionPage(executions=views, next_cursor=found.next_cursor)


def position_of_run(execution: RunbookExecution) -> Position:
    return Position(execution.created_at, execution.id)
