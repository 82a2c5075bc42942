"""`/workflows/{id}`: a workflow drawn as a graph, its actions in words, its figures and executions."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.library.definition import Draft, draft_of, find_definition, may_write
from bot.pages.library.outline import Drawn, drawn
from bot.pages.library.said import said_to
from bot.pages.query import CURSOR, Query
from bot.pages.rendering import with_query
from bot.pages.site import Site
from bot.rest.paging import PageRequest
from core.definitions.stored import StoredDefinitionInvalid
from core.definitions.yaml_format import to_yaml
from core.services.access.listing import Position, list_workflow_executions
from core.services.analytics.figures import analyse_workflow
from core.services.library.kinds import WORKFLOWS
from core.services.library.workflows import definition_of
from core.services.views.reading import view_workflow, view_workflow_executions
from core.tables import Workflow
from core.unit_of_work import UnitOfWork
from core.views.executions import WorkflowExecutionView
from core.views.library import WorkflowView
from core.views.records import AnalyticsView

ON_A_PAGE = 20


@dataclass(frozen=True)
class WorkflowSeen:
    """`does`: None if this release can no longer read the definition; `unreadable` says why."""

    workflow: WorkflowView
    does: Drawn | None
    unreadable: str
    draft: Draft | None
    may_write: bool
    executions: Sequence[WorkflowExecutionView]
    next_cursor: str | None
    figures: AnalyticsView

    @property
    def written(self) -> str:
        return to_yaml(self.workflow.definition)


@dataclass(frozen=True)
class WorkflowPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        return self.render(visit)

    def render(self, visit: Visit, status: int = HTTPStatus.OK, trouble: str = "") -> Response:
        """Return the page. `trouble`: why something was just refused."""
        page = Query(visit.request.query_params).page(ON_A_PAGE)
        with self.site.unit_of_work.begin() as work:
            seen = read_workflow(work, visit, find_definition(work, visit, WORKFLOWS), page)
        cursor = seen.next_cursor
        return self.site.pages.page(
            "workflow.html",
            status,
            None,
            visit,
            noun="workflow",
            seen=seen,
            view=seen.workflow,
            trouble=trouble,
            said=said_to(visit),
            following=with_query(visit.request.query_params, **{CURSOR: cursor}) if cursor else "",
        )


def read_workflow(work: UnitOfWork, visit: Visit, row: Workflow, page: PageRequest) -> WorkflowSeen:
    does, unreadable = None, ""
    try:
        does = drawn(definition_of(row))
    except StoredDefinitionInvalid as error:
        unreadable = str(error)
    rows = list_workflow_executions(work, visit.person, row, page.window)
    found = page.cut(rows, lambda execution: Position(execution.created_at, execution.id))
    return WorkflowSeen(
        workflow=view_workflow(row),
        does=does,
        unreadable=unreadable,
        draft=draft_of(work, visit, WORKFLOWS, row),
        may_write=may_write(visit, row),
        executions=view_workflow_executions(work, found.rows),
        next_cursor=found.next_cursor,
        figures=analyse_workflow(work, visit.person, row),
    )
