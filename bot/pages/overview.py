"""`/`: what runs, what waits for whom and for how long, what is broken, and how a team's weeks went."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from starlette.responses import Response

from bot.pages.access.readers import Visit
from bot.pages.plots import Plot, weeks_plot
from bot.pages.query import Query
from bot.pages.site import Site
from core.decisions.people import Person
from core.services.access.listing import (
    Wanted,
    Window,
    list_active_executions,
    list_incidents,
    list_open_gates,
    list_requested_by,
    list_runs,
)
from core.services.analytics.weeks import teams_with_figures, weeks_of
from core.services.views.executions import view_approvals, view_executions
from core.services.views.reading import view_incident
from core.statuses import UNRESOLVED, Status
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.views.executions import ApprovalView, ExecutionView
from core.views.records import WeekView

MOST_FAILED = 5
FAILED = Wanted(status=Status.FAILED)
MOST = 10  # of each list; the pages of the lists have the rest


@dataclass(frozen=True)
class Figures:
    """The weeks of one of the teams that the reader may choose from."""

    team: str
    teams: Sequence[str]
    weeks: Sequence[WeekView]
    plot: Plot


@dataclass(frozen=True)
class OverviewPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        team = Query(visit.request.query_params).text("team")
        with self.site.unit_of_work.begin() as work:
            values = read_overview(work, visit.person, team)
        return self.site.show(visit, "overview.html", **values)


def read_overview(work: UnitOfWork, person: Person, team: str | None) -> dict[str, object]:
    """Return what the page shows. `team`: whose weeks; None for the first of the person's own teams."""
    window, unresolved = Window(MOST), _unresolved(work, person)
    return {
        "gates": _gates(work, person),
        "active": view_executions(work, list_active_executions(work, person, window)),
        "incidents": [view_incident(row) for row in unresolved],
        "failed": view_executions(work, list_runs(work, person, Window(MOST_FAILED), FAILED)),
        "own": view_executions(work, list_requested_by(work, person, window)),
        "figures": _figures(work, person, team),
        "has_team": bool(person.roles) or person.is_platform_admin,
        "now": work.now,
    }


def _gates(work: UnitOfWork, person: Person) -> list[tuple[ExecutionView, ApprovalView]]:
    """Return the newest open gates, the one that has waited longest first."""
    gates = view_approvals(work, list_open_gates(work, person, Window(MOST)))
    ids = [gate.execution_id for gate in gates]
    rows = work.session.scalars(select(RunbookExecution).where(RunbookExecution.id.in_(ids))).all()
    runs = {run.id: run for run in view_executions(work, rows)}
    return [(runs[gate.execution_id], gate) for gate in reversed(gates)]


def _unresolved(work: UnitOfWork, person: Person) -> list[Incident]:
    """Return the unresolved incidents, the newest first."""
    rows = [
        row
        for status in UNRESOLVED
        for row in list_incidents(work, person, Window(MOST), Wanted(status=status))
    ]
    return sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)[:MOST]


def _figures(work: UnitOfWork, person: Person, wanted: str | None) -> Figures | None:
    """Return the figures of the wanted team, or of the first; None for somebody without any team."""
    teams = teams_with_figures(work, person)
    team = wanted if wanted in teams else next(iter(teams), None)
    if team is None:
        return None
    weeks = weeks_of(work, team)
    return Figures(team, teams, weeks, weeks_plot(weeks))
