"""What happened in an incident, for the summary of a resolved one and for the export: timeline, runs, people."""

import re
from collections.abc import Iterable

from sqlalchemy import select

from core.services.access.listing import NOT_A_CHILD, Window
from core.services.incidents.timeline import timeline
from core.services.views.reading import view_incident
from core.tables import Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.views.incidents import IncidentReport, RunLineView, TimelineEntryView

MOST_LINES = 5_000
MOST_RUNS = 500
PERSON = re.compile(r"[UW][A-Z0-9]+")


def report_of(work: UnitOfWork, incident: Incident) -> IncidentReport:
    """Return the report. The caller has checked the person's permission."""
    lines = timeline(work, incident, Window(MOST_LINES + 1))
    return IncidentReport(
        incident=view_incident(incident),
        timeline=lines[:MOST_LINES],
        is_cut=len(lines) > MOST_LINES,
        runs=_runs(work, incident),
        people=people_of(incident.opened_by, lines),
    )


def _runs(work: UnitOfWork, incident: Incident) -> list[RunLineView]:
    of_incident = select(RunbookExecution).where(RunbookExecution.incident_id == incident.id, NOT_A_CHILD)
    order = (RunbookExecution.created_at, RunbookExecution.id)
    rows = work.session.scalars(of_incident.order_by(*order).limit(MOST_RUNS))
    return [
        RunLineView(
            id=row.id,
            runbook=row.runbook_name,
            version=row.runbook_version,
            status=row.status,
            requested_by=row.requested_by,
            error=row.error,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
        for row in rows
    ]


def people_of(opened_by: str, lines: Iterable[TimelineEntryView]) -> list[str]:
    """Return the Slack ids of everybody who did something, in the order in which they first did."""
    actors = dict.fromkeys([opened_by, *(line.actor for line in lines)])
    return [actor for actor in actors if PERSON.fullmatch(actor)]
