"""`/search`: one field for incidents, runs, runbooks, workflows and people; an id or `inc-12` leads to its page."""

import re
from dataclasses import dataclass

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.query import Query
from bot.pages.site import Site, see_other
from core.services.search.everything import ID, Findings, search
from core.services.views.executions import view_executions
from core.services.views.reading import (
    view_incident,
    view_runbook,
    view_workflow,
    view_workflow_executions,
)

NUMBERED = re.compile(r"(?:inc-|#)[0-9]{1,9}", re.IGNORECASE)


@dataclass(frozen=True)
class SearchPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        typed = Query(visit.request.query_params).text("q") or ""
        with self.site.unit_of_work.begin() as work:
            found = search(work, visit.person, typed)
            is_one = ID.fullmatch(typed) or NUMBERED.fullmatch(typed)
            if is_one and (page := page_of(found)):
                return see_other(page)
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


def page_of(found: Findings) -> str:
    """Return the path of the first thing that was found; empty for nothing that has a page."""
    addresses = (
        *(f"/incidents/inc-{row.number}" for row in found.incidents),
        *(f"/runs/{row.id}" for row in found.runs),
        *(f"/workflows/executions/{row.id}" for row in found.executions),
        *(f"/runbooks/{row.id}" for row in found.runbooks),
        *(f"/workflows/{row.id}" for row in found.workflows),
    )
    return next(iter(addresses), "")
