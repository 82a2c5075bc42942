"""`/runs/{execution_id}/steps/{step}/{part}`: what a step sent, and what it was answered, whole, as a file."""

import re
from dataclasses import dataclass

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.rendering import as_json
from bot.pages.runs.page import find_run
from bot.pages.site import Site
from core.errors import NotFound
from core.services.views.reading import view_execution

PARTS = ("request", "output")
UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class StepDownload:
    site: Site

    def show(self, visit: Visit) -> Response:
        """Return the part as JSON; `null` if there is nothing of it. Raises NotFound for an unknown step or part."""
        name, part = visit.request.path_params["step"], visit.request.path_params["part"]
        with self.site.unit_of_work.begin() as work:
            run = view_execution(work, find_run(work, visit))
        step = next((each for each in run.steps if each.id == name), None)
        if step is None or part not in PARTS:
            raise NotFound("There is no such part of a step of this run.")
        file = UNSAFE.sub("_", f"{run.id}-{name}-{part}.json")
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(as_json(getattr(step, part)), headers=headers, media_type="application/json")
