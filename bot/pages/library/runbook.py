"""`/runbooks/{id}`: what a runbook does, its parameters, tests and versions, how its runs went and where it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.library.definition import Draft, draft_of, find_definition, may_write
from bot.pages.library.outline import InWords, in_words
from bot.pages.library.said import said_to
from bot.pages.site import Site
from core.definitions.stored import StoredDefinitionInvalid
from core.definitions.yaml_format import to_yaml
from core.services.access.listing import Window, list_runbook_executions
from core.services.analytics.figures import analyse_runbook
from core.services.library.kinds import RUNBOOKS
from core.services.library.runbooks import definition_of
from core.services.views.executions import view_executions
from core.services.views.reading import view_runbook
from core.tables import Runbook
from core.unit_of_work import UnitOfWork
from core.views.executions import ExecutionView
from core.views.library import RunbookView
from core.views.records import AnalyticsView

NEWEST = 10  # runs on the page; the list of runs has the others


@dataclass(frozen=True)
class RunbookSeen:
    """`does`: None if this release can no longer read the definition; `unreadable` says why."""

    runbook: RunbookView
    does: InWords | None
    unreadable: str
    draft: Draft | None
    may_write: bool
    runs: Sequence[ExecutionView]
    figures: AnalyticsView

    @property
    def written(self) -> str:
        return to_yaml(self.runbook.definition)


@dataclass(frozen=True)
class RunbookPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        return self.render(visit)

    def render(self, visit: Visit, status: int = HTTPStatus.OK, trouble: str = "") -> Response:
        """Return the page. `trouble`: why something was just refused."""
        with self.site.unit_of_work.begin() as work:
            seen = read_runbook(work, visit, find_definition(work, visit, RUNBOOKS))
        return self.site.pages.page(
            "runbook.html",
            status,
            None,
            visit,
            noun="runbook",
            seen=seen,
            view=seen.runbook,
            trouble=trouble,
            said=said_to(visit),
        )


def read_runbook(work: UnitOfWork, visit: Visit, row: Runbook) -> RunbookSeen:
    does, unreadable = None, ""
    try:
        does = in_words(definition_of(row))
    except StoredDefinitionInvalid as error:
        unreadable = str(error)
    runs = list_runbook_executions(work, visit.person, row, Window(NEWEST))
    return RunbookSeen(
        runbook=view_runbook(row),
        does=does,
        unreadable=unreadable,
        draft=draft_of(work, visit, RUNBOOKS, row),
        may_write=may_write(visit, row),
        runs=view_executions(work, runs),
        figures=analyse_runbook(work, visit.person, row),
    )
