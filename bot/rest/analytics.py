"""`/runbooks/{id}/analytics` and `/workflows/{id}/analytics`: success rates, durations and failures."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import Moment
from bot.rest.references import RunbookReference, WorkflowReference
from core.services.analytics.figures import analyse_runbook, analyse_workflow, find_analysed_workflow
from core.services.library.runbooks import find_runbook
from core.views.records import AnalyticsView

runbooks = authenticated_router("/api/runbooks", "runbooks")
workflows = authenticated_router("/api/workflows", "workflows")

Since = Annotated[
    Moment | None,
    Query(
        description="Only executions requested on or after the day (UTC) of this time, such as 2026-01-31T00:00:00Z."
    ),
]


class AnalyticsAnswer(BaseModel):
    analytics: AnalyticsView


@runbooks.get("/{id}/analytics")
def of_runbook(runbook: RunbookReference, caller: CurrentCaller, since: Since = None) -> AnalyticsAnswer:
    """Return how often a runbook ran and succeeded, how long it took, where it fails, and how long approvals take."""
    with caller.unit_of_work.begin() as work:
        found = find_runbook(work, caller.person, runbook)
        return AnalyticsAnswer(analytics=analyse_runbook(work, caller.person, found, since=since))


@workflows.get("/{id}/analytics")
def of_workflow(workflow: WorkflowReference, caller: CurrentCaller, since: Since = None) -> AnalyticsAnswer:
    """Return how often a workflow ran and succeeded, how long it took, where it fails, and how long approvals take."""
    with caller.unit_of_work.begin() as work:
        found = find_analysed_workflow(work, caller.person, workflow)
        return AnalyticsAnswer(analytics=analyse_workflow(work, caller.person, found, since=since))
