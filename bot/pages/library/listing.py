"""`/runbooks` and `/workflows`: the definitions that one may see, by team and status."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.query import CURSOR, Query
from bot.pages.rendering import with_query
from bot.pages.site import Site
from core.decisions.policy import allows, visible_teams
from core.decisions.policy_table import Action
from core.errors import NotFound
from core.services.access.listing import Position, Window, list_runbooks, list_workflows
from core.services.views.reading import view_runbook, view_workflow
from core.statuses import ApprovalStatus
from core.tables import Runbook, Workflow
from core.unit_of_work import UnitOfWork
from core.views.library import RunbookView, WorkflowView

Listed = Sequence[Runbook | Workflow]
List = Callable[[UnitOfWork, Visit, Window, str | None, str | None], Listed]


@dataclass(frozen=True)
class DefinitionList:
    """`noun`: `runbook` or `workflow`."""

    site: Site
    noun: str
    rows: List

    def show(self, visit: Visit) -> Response:
        query, missing = Query(visit.request.query_params), ""
        page, team = query.page(), query.text("team")
        status = query.choice("status", ApprovalStatus)
        with self.site.unit_of_work.begin() as work:
            try:
                rows = self.rows(work, visit, page.window, team, status)
            except NotFound as error:
                rows, missing = [], str(error)
            found = page.cut(rows, lambda row: Position(row.created_at, row.id))
            definitions = list(map(_view, found.rows))
        return self.site.show(
            visit,
            "definitions.html",
            noun=self.noun,
            definitions=definitions,
            missing=missing,
            statuses=list(ApprovalStatus),
            asked={"team": team or "", "status": status or ""},
            may_write=may_write_something(visit),
            following=with_query(query.params, **{CURSOR: found.next_cursor}) if found.next_cursor else "",
        )


def _view(row: Runbook | Workflow) -> RunbookView | WorkflowView:
    return view_runbook(row) if isinstance(row, Runbook) else view_workflow(row)


def may_write_something(visit: Visit) -> bool:
    teams = visible_teams(visit.person, Action.DEFINITION_WRITE)
    return teams is None or bool(teams) or allows(visit.person, Action.DEFINITION_WRITE, None)


def runbook_rows(
    work: UnitOfWork, visit: Visit, window: Window, team: str | None, status: str | None
) -> Listed:
    return list_runbooks(work, visit.person, window, team=team, status=status)


def workflow_rows(
    work: UnitOfWork, visit: Visit, window: Window, team: str | None, status: str | None
) -> Listed:
    return list_workflows(work, visit.person, window, team=team, status=status)
