"""`/approvals`: the gates that wait, those first that the reader may decide, with what will be sent and the forms."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.query import CURSOR, Query
from bot.pages.rendering import with_query
from bot.pages.runs.page import SAID
from bot.pages.runs.reading import why_no_decision
from bot.pages.site import Site
from core.services.access.listing import Position, list_open_gates
from core.services.views.executions import view_approvals, view_executions
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork
from core.views.executions import ApprovalView, ExecutionView

ON_A_PAGE = 20


@dataclass(frozen=True)
class Waiting:
    """A gate with its run. `refusal`: why the reader may not decide it; empty if they may."""

    run: ExecutionView
    gate: ApprovalView
    refusal: str


@dataclass(frozen=True)
class ApprovalList:
    site: Site

    def show(self, visit: Visit) -> Response:
        query = Query(visit.request.query_params)
        page = query.page(ON_A_PAGE)
        with self.site.unit_of_work.begin() as work:
            rows = list_open_gates(work, visit.person, page.window)
            found = page.cut(rows, lambda gate: Position(gate.opened_at, gate.id))
            waiting = _waiting(work, visit, view_approvals(work, found.rows))
            now = work.now
        return self.site.show(
            visit,
            "approvals.html",
            mine=[each for each in waiting if not each.refusal],
            others=[each for each in waiting if each.refusal],
            now=now,
            said=SAID.get(query.params.get("said", ""), ""),
            following=with_query(query.params, **{CURSOR: found.next_cursor}) if found.next_cursor else "",
        )


def _waiting(work: UnitOfWork, visit: Visit, gates: Sequence[ApprovalView]) -> list[Waiting]:
    ids = [gate.execution_id for gate in gates]
    rows = work.session.scalars(select(RunbookExecution).where(RunbookExecution.id.in_(ids))).all()
    runs = {run.id: run for run in view_executions(work, rows)}
    pairs = [(runs[gate.execution_id], gate) for gate in gates]
    return [Waiting(run, gate, why_no_decision(work, visit.person, run)) for run, gate in pairs]
