"""`/runs`: all runs that one may see, those that have not ended, one's own, or those of a runbook or an incident."""

from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.query import CURSOR, Query
from bot.pages.rendering import with_query
from bot.pages.site import Site
from bot.rest.paging import PageRequest
from bot.rest.starting import page_of_runs
from core.decisions.people import Person
from core.errors import NotFound
from core.services.access.listing import (
    Wanted,
    list_active_executions,
    list_executions,
    list_requested_by,
    list_runbook_executions,
    list_runs,
)
from core.services.incidents.opening import find_incident
from core.services.library.runbooks import find_runbook
from core.statuses import Status
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork

MINE, ACTIVE = "mine", "active"
STATUSES = [status.value for status in Status if status not in (Status.SKIPPED, Status.UNKNOWN)]


@dataclass(frozen=True)
class RunList:
    site: Site

    def show(self, visit: Visit) -> Response:
        query = Query(visit.request.query_params)
        page, missing = query.page(), ""
        with self.site.unit_of_work.begin() as work:
            try:
                rows = find_runs(work, visit.person, query, page)
            except NotFound as error:
                rows, missing = [], str(error)
            found = page_of_runs(work, page, rows)
        return self.site.pages.page(
            "runs.html",
            HTTPStatus.NOT_FOUND if missing else HTTPStatus.OK,
            None,
            visit,
            runs=found.executions,
            missing=missing,
            statuses=STATUSES,
            asked={name: query.text(name) or "" for name in ("show", "runbook", "incident", "status")},
            days={name: query.text(name) or "" for name in ("since", "until")},
            following=with_query(query.params, **{CURSOR: found.next_cursor}) if found.next_cursor else "",
        )


def find_runs(work: UnitOfWork, person: Person, query: Query, page: PageRequest) -> list[RunbookExecution]:
    """Return the rows that are asked for. Raises NotFound for a runbook or incident that the person cannot find."""
    runbook, incident = query.text("runbook"), query.text("incident")
    since, until = query.period()
    wanted = Wanted(query.choice("status", Status), since=since, until=until)
    if runbook is not None:
        bound = find_incident(work, person, incident).id if incident else None
        of_runbook = Wanted(wanted.status, incident=bound, since=since, until=until)
        return list_runbook_executions(
            work, person, find_runbook(work, person, runbook), page.window, of_runbook
        )
    if incident is not None:
        return list_executions(work, find_incident(work, person, incident), page.window, wanted)
    if query.text("show") == MINE:
        return list_requested_by(work, person, page.window)
    if query.text("show") == ACTIVE:
        return list_active_executions(work, person, page.window, wanted)
    return list_runs(work, person, page.window, wanted)
