"""How a runbook or a workflow does: one query each, over what it ran."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text

from core.decisions.people import Person
from core.errors import NotFound
from core.service import Work
from core.tables import Runbook, Team, Workflow
from core.views import AnalyticsView, FailureView, PercentilesView

EVER = datetime(1, 1, 1, tzinfo=UTC)
MOST_FAILURES = 5

# What is filled in is ours: the tables of executions and of their steps, and how gates belong to them.
STATEMENT = """
WITH runs AS MATERIALIZED (
    SELECT id, status, finished_at, extract(epoch FROM finished_at - started_at) AS seconds
    FROM {runs} AS execution
    WHERE {owner} = :id AND created_at >= :since {visible}
), totals AS (
    SELECT count(*) AS executions,
        count(*) FILTER (WHERE finished_at IS NOT NULL) AS ended,
        count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
        percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds) AS durations,
        max(finished_at) FILTER (WHERE status = 'succeeded') AS last_success
    FROM runs
), failures AS (
    SELECT step.step_id AS step, count(*) AS executions, mode() WITHIN GROUP (ORDER BY step.error) AS error
    FROM runs JOIN {steps} AS step ON step.execution_id = runs.id
    WHERE runs.status IN ('failed', 'timed_out') AND step.status IN ('failed', 'timed_out', 'unknown')
    GROUP BY step.step_id ORDER BY count(*) DESC, step.step_id LIMIT :most
), gates AS (
    SELECT percentile_cont(ARRAY[0.5, 0.95])
        WITHIN GROUP (ORDER BY extract(epoch FROM gate.closed_at - gate.opened_at)) AS waits
    FROM runs {gates} WHERE gate.status = 'approved'
)
SELECT executions, ended, succeeded, durations, last_success, waits,
    (SELECT coalesce(jsonb_agg(to_jsonb(failures)), '[]') FROM failures) AS failures
FROM totals, gates
"""
VISIBLE = "AND incident_id IN (SELECT id FROM incidents WHERE team_id = ANY(:teams))"
RUNBOOK = {
    "runs": "runbook_executions",
    "owner": "runbook_id",
    "steps": "step_executions",
    "gates": "JOIN approvals AS gate ON gate.execution_id = runs.id",
}
WORKFLOW = {
    "runs": "workflow_executions",
    "owner": "workflow_id",
    "steps": "action_executions",
    "gates": "JOIN runbook_executions AS caused ON caused.workflow_execution_id = runs.id"
    " JOIN approvals AS gate ON gate.execution_id = caused.id",
}


@dataclass(frozen=True)
class Scope:
    """What is counted: since when, and whose. Of what is global a person sees what ran for their own teams."""

    since: datetime | None = None
    teams: tuple[str, ...] | None = None


def analyse_runbook(
    work: Work, person: Person, runbook: Runbook, *, since: datetime | None = None
) -> AnalyticsView:
    """Of a runbook that the person has found."""
    return _analyse(work, RUNBOOK, runbook.id, _scope(work, person, runbook.team_id, since))


def analyse_workflow(
    work: Work, person: Person, workflow: Workflow, *, since: datetime | None = None
) -> AnalyticsView:
    """Of a workflow that the person has found; its time to approve is that of the runbooks it ran."""
    return _analyse(work, WORKFLOW, workflow.id, _scope(work, person, workflow.team_id, since))


def find_analysed_workflow(work: Work, person: Person, reference: str) -> Workflow:
    """By id or name. NotFound also for what other teams own."""
    named = (Workflow.id == reference) | (Workflow.name == reference)
    workflow = work.session.scalar(select(Workflow).where(named, Workflow.deleted_at.is_(None)))
    if workflow is None or not person.may_see(workflow.team.name if workflow.team else None):
        raise NotFound(f"There is no workflow {reference}.")
    return workflow


def _scope(work: Work, person: Person, owner: str | None, since: datetime | None) -> Scope:
    if owner is not None or person.is_platform_admin:
        return Scope(since)
    teams = work.session.scalars(select(Team.id).where(Team.name.in_(person.roles)))
    return Scope(since, tuple(teams))


def _analyse(work: Work, tables: dict[str, str], id_: str, scope: Scope) -> AnalyticsView:
    visible = "" if scope.teams is None else VISIBLE
    parameters: dict[str, Any] = {"id": id_, "since": scope.since or EVER, "most": MOST_FAILURES}
    if scope.teams is not None:
        parameters["teams"] = list(scope.teams)
    row = work.session.execute(text(STATEMENT.format(**tables, visible=visible)), parameters).one()
    return AnalyticsView(
        since=scope.since,
        executions=row.executions,
        ended=row.ended,
        succeeded=row.succeeded,
        success_rate=row.succeeded / row.ended if row.ended else None,
        duration_seconds=_percentiles(row.durations),
        approval_seconds=_percentiles(row.waits),
        last_success=row.last_success,
        failures=[FailureView(**failure) for failure in row.failures],
    )


def _percentiles(values: list[float] | None) -> PercentilesView | None:
    """None where nothing was measured."""
    if values is None or values[0] is None:
        return None
    return PercentilesView(p50=round(float(values[0]), 3), p95=round(float(values[1]), 3))
