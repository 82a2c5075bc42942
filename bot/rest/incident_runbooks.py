"""`/incidents/{id}/runbooks`: running runbooks for an incident."""

from http import HTTPStatus

from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer, ExecutionPage
from bot.rest.bodies import RUN, Run
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import RunsOfIncident
from bot.rest.idempotency import CurrentPost
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentReference, NestedRunbookReference
from bot.rest.starting import OR_A_PLAN, page_of_runs, start_or_plan
from core.services.access.listing import list_executions
from core.services.incidents.opening import find_incident

router = authenticated_router("/api/incidents", "incidents")


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
    body: Run = RUN,
) -> Response:
    """Run a runbook for the incident. The response is sent once the run is committed, before it executes.

    With `dry_run`, returns the plan of the run without running anything.
    """
    return start_or_plan(post, incident, runbook, body)


@router.get("/{id}/runbooks/executions")
def list_all(
    incident: IncidentReference, caller: CurrentCaller, page: WantedPage, runs: RunsOfIncident
) -> ExecutionPage:
    """List the runbook executions of the incident, newest first."""
    with caller.unit_of_work.begin() as work:
        found_incident = find_incident(work, caller.person, incident)
        rows = list_executions(work, found_incident, page.window, runs.wanted(work, caller.person))
        return page_of_runs(work, page, rows)
