"""`/executions`: active executions of all runbooks and incidents. Ended ones are listed per runbook or incident."""

from bot.rest.answers import ExecutionPage
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import RunsAtAll
from bot.rest.paging import WantedPage
from bot.rest.starting import page_of_runs
from core.services.access.listing import list_active_executions

router = authenticated_router("/api/executions", "runbook executions")


@router.get("")
def list_all(
    caller: CurrentCaller,
    page: WantedPage,
    runs: RunsAtAll,
) -> ExecutionPage:
    """List the executions that have not ended, for the incidents of your teams, newest first."""
    with caller.unit_of_work.begin() as work:
        wanted = runs.wanted(work, caller.person)
        rows = list_active_executions(work, caller.person, page.window, wanted)
        return page_of_runs(work, page, rows)
