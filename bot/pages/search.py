"""`/search`: one field for incidents, runs, runbooks, workflows and people."""

from dataclasses import dataclass

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.query import Query
from bot.pages.site import Site
from core.services.search.everything import search
from core.services.views.executions import view_executions
from core.services.views.reading import (
    view_incident,
    view_runbook,
    view_workflow,
    view_workflow_executions,
)


@dataclass(frozen=True)
class SearchPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        typed = Query(visit.request.query_params).text("q") or ""
        with self.site.unit_of_work.begin() as work:
            found = search(work, visit.person, typed)
            return self.site.show(
                visit,
                "search.html",
                typed=typed,
                is_empty=found.is_empty,
                incidents=list(map(view_incident, found.incidents)),
                runs=view_executions(work, found.runs),
                executions=view_workflow_executions(work, found.executions),
                runbooks=list(map(view_runbook, found.runbooks)),
                workflows=list(map(view_workflow, found.workflows)),
                people=found.people,
            )
