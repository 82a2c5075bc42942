"""`/incidents`, `/incidents/{id}` and its report: what happened, in one timeline, and the start of a postmortem."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from bot.cards.report import markdown
from bot.pages.access.readers import Visit
from bot.pages.query import CURSOR, Query
from bot.pages.rendering import with_query
from bot.pages.site import Site
from core.errors import NotFound
from core.identifiers import Prefix
from core.services.access.listing import Position, Wanted, Window, list_executions, list_incidents
from core.services.incidents.opening import find_incident
from core.services.incidents.report import report_of
from core.services.incidents.timeline import timeline
from core.services.views.executions import view_executions
from core.services.views.reading import view_incident
from core.statuses import IncidentKind, IncidentStatus
from core.views.incidents import TimelineEntryView

LINES_ON_A_PAGE = 200
MOST_RUNS = 20
RUN = re.compile(rf"{Prefix.RUNBOOK_EXECUTION}_[0-9a-z]{{1,32}}")


@dataclass(frozen=True)
class IncidentList:
    site: Site

    def show(self, visit: Visit) -> Response:
        query, missing = Query(visit.request.query_params), ""
        page, (since, until) = query.page(), query.period()
        status, kind = query.choice("status", IncidentStatus), query.choice("kind", IncidentKind)
        wanted = Wanted(status, kind=kind, since=since, until=until)
        with self.site.unit_of_work.begin() as work:
            try:
                rows = list_incidents(work, visit.person, page.window, wanted, team=query.text("team"))
            except NotFound as error:
                rows, missing = [], str(error)
            found = page.cut(rows, lambda row: Position(row.created_at, row.id))
            incidents = list(map(view_incident, found.rows))
        return self.site.show(
            visit,
            "incidents.html",
            incidents=incidents,
            missing=missing,
            statuses=list(IncidentStatus),
            asked={name: query.text(name) or "" for name in ("status", "team", "since", "until")},
            following=with_query(query.params, **{CURSOR: found.next_cursor}) if found.next_cursor else "",
        )


@dataclass(frozen=True)
class Line:
    """A line of the timeline. `run`: the id of the run that it is about, if any."""

    entry: TimelineEntryView
    run: str


@dataclass(frozen=True)
class IncidentPage:
    site: Site

    def show(self, visit: Visit) -> Response:
        query = Query(visit.request.query_params)
        page = query.page(LINES_ON_A_PAGE)
        with self.site.unit_of_work.begin() as work:
            row = find_incident(work, visit.person, visit.request.path_params["id"])
            found = page.cut(timeline(work, row, page.window), lambda line: Position(line.at, line.id))
            runs = view_executions(work, list_executions(work, row, Window(MOST_RUNS)))
            incident = view_incident(row)
        return self.site.show(
            visit,
            "incident.html",
            incident=incident,
            runs=runs,
            most_runs=MOST_RUNS,
            days=by_day(found.rows),
            is_first=page.after is None,
            following=with_query(query.params, **{CURSOR: found.next_cursor}) if found.next_cursor else "",
        )

    def report(self, visit: Visit) -> Response:
        """Return the report as a Markdown file."""
        with self.site.unit_of_work.begin() as work:
            report = report_of(work, find_incident(work, visit.person, visit.request.path_params["id"]))
        headers = {"Content-Disposition": f'attachment; filename="inc-{report.incident.number}.md"'}
        return Response(markdown(report), headers=headers, media_type="text/markdown")


def by_day(lines: Sequence[TimelineEntryView]) -> list[tuple[str, list[Line]]]:
    """Return the lines by the day in UTC. They are in order."""
    days = groupby(lines, key=lambda line: f"{line.at:%A, %-d %B %Y}")
    return [(day, [Line(line, run_of(line)) for line in of_day]) for day, of_day in days]


def run_of(line: TimelineEntryView) -> str:
    """Return the id of the run that a line is about; empty for a line about something else."""
    about = (line.details.get("execution_id"), line.subject_id)
    return next((each for each in about if isinstance(each, str) and RUN.fullmatch(each)), "")
