"""`/runbooks/{id}/tests`: the runbook's test cases, run now, without any call outside."""

from dataclasses import dataclass

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.library.definition import find_definition
from bot.pages.site import Site
from core.services.library.kinds import RUNBOOKS
from core.services.library.runbooks import definition_of
from core.simulation.on_demand import play_on_demand


@dataclass(frozen=True)
class CasesPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        with self.site.unit_of_work.begin() as work:
            row = find_definition(work, visit, RUNBOOKS)
            definition, version = definition_of(row), row.version
        return self.site.show(
            visit,
            "cases.html",
            called=definition.name,
            reference=visit.request.path_params["id"],
            version=version,
            results=play_on_demand(definition),
        )
