"""`/runs`: the runs of all runbooks, for all incidents, whether they have ended or not."""

from bot.rest.answers import ExecutionPage
from bot.rest.bodies import missing_is_invalid
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import RunsAtAll, WantedTeam
from bot.rest.paging import WantedPage
from bot.rest.starting import page_of_runs
from core.services.access.listing import list_runs

router = authenticated_router("/api/runs", "runbook executions")


@router.get("")
def list_all(
    caller: CurrentCaller, page: WantedPage, runs: RunsAtAll, team: WantedTeam = None
) -> ExecutionPage:
    """List the runbook executions for the incidents of your teams, newest first.

    Child runs are not in it: `/api/runbooks/executions/{execution_id}/children` lists them.
    """
    with caller.unit_of_work.begin() as work:
        wanted = runs.wanted(work, caller.person)
        with missing_is_invalid("team"):
            rows = list_runs(work, caller.person, page.window, wanted, team=team)
        return page_of_runs(work, page, rows)
