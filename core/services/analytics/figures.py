"""Figures of a runbook or workflow: one query over the tallies, the ends not yet counted, and the active executions."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, TextClause, select, text

from core.decisions.people import Person
from core.decisions.policy import visible_teams
from core.decisions.policy_table import Action
from core.errors import NotFound
from core.services.analytics.tallies import LINES, Buckets, percentile
from core.tables import Runbook, Team, Workflow
from core.unit_of_work import UnitOfWork
from core.views.records import AnalyticsView, FailureView, PercentilesView

EVER = datetime(1, 1, 1, tzinfo=UTC)
MOST_FAILURES = 5

# All figures of one runbook or workflow. As SQL: one round trip, and the database does the counting. The placeholders
# are filled with our own constants only: tables, columns and visibility conditions.
FIGURES = """
WITH taken AS (
    SELECT execution_id FROM ended_executions
), {lines}, days AS (
    SELECT counts, last_success FROM tallies WHERE owner_id = :id AND day >= :since {visible_tallies}
), fresh AS (
    SELECT key, succeeded_at FROM line WHERE owner_id = :id AND day >= :since {visible_tallies}
), counted AS (
    SELECT key, sum(n) AS n FROM (
        SELECT key, value::bigint AS n FROM days, jsonb_each_text(days.counts)
        UNION ALL SELECT key, 1 FROM fresh
    ) AS each GROUP BY key
), erred AS (
    SELECT step_id, error, sum(n) AS n FROM (
        SELECT step_id, error, executions AS n FROM failure_tallies
        WHERE owner_id = :id AND day >= :since {visible_tallies}
        UNION ALL SELECT step_id, error, 1 FROM failure WHERE owner_id = :id AND day >= :since {visible_tallies}
    ) AS each GROUP BY step_id, error
), failures AS (
    SELECT step_id AS step, sum(n) AS executions,
        (array_agg(error ORDER BY n DESC, error) FILTER (WHERE error <> ''))[1] AS error
    FROM erred GROUP BY step_id ORDER BY sum(n) DESC, step_id LIMIT :most
)
SELECT (SELECT coalesce(jsonb_object_agg(key, n), '{{}}') FROM counted) AS counts,
    (SELECT max(at) FROM (SELECT last_success AS at FROM days UNION ALL SELECT succeeded_at FROM fresh) AS each)
        AS last_success,
    (SELECT coalesce(jsonb_agg(to_jsonb(failures)), '[]') FROM failures) AS failures,
    (SELECT count(*) FROM {runs} WHERE {owner} = :id AND status IN ('pending', 'running', 'waiting')
        AND created_at >= :since_moment {visible_runs}) AS active
"""
VISIBLE_TALLIES = "AND team_id = ANY(:teams)"
VISIBLE_RUNS = "AND incident_id IN (SELECT id FROM incidents WHERE team_id = ANY(:teams))"
RUNBOOK = {"runs": "runbook_executions", "owner": "runbook_id"}
WORKFLOW = {"runs": "workflow_executions", "owner": "workflow_id"}


@dataclass(frozen=True)
class Scope:
    """Which executions are counted.

    `since`: the start of a day in UTC, since ends are counted by day; None for all. `teams`: the ids of the teams whose
    executions are counted; None for all. Of a global definition, people see only what ran for their own teams.
    """

    since: datetime | None = None
    teams: tuple[str, ...] | None = None


def analyse_runbook(
    work: UnitOfWork, person: Person, runbook: Runbook, *, since: datetime | None = None
) -> AnalyticsView:
    """Return the figures of a runbook that the person may see. `since` is rounded down to the start of its UTC day."""
    return _analyse(work, RUNBOOK, runbook.id, _scope(work, person, runbook.team_id, since))


def analyse_workflow(
    work: UnitOfWork, person: Person, workflow: Workflow, *, since: datetime | None = None
) -> AnalyticsView:
    """Return the figures of a workflow that the person may see. Its approval times are those of the runs it started."""
    return _analyse(work, WORKFLOW, workflow.id, _scope(work, person, workflow.team_id, since))


def find_analysed_workflow(work: UnitOfWork, person: Person, reference: str) -> Workflow:
    """Find a workflow by id or name. Raises NotFound, also if the person may not see it."""
    named = (Workflow.id == reference) | (Workflow.name == reference)
    workflow = work.session.scalar(select(Workflow).where(named, Workflow.deleted_at.is_(None)))
    if workflow is None or not person.may_see(
        workflow.team.name if workflow.team else None, Action.ANALYTICS_READ
    ):
        raise NotFound(f"There is no workflow {reference}.")
    return workflow


def _scope(work: UnitOfWork, person: Person, owner: str | None, since: datetime | None) -> Scope:
    day = _day(since) if since is not None else None
    names = visible_teams(person, Action.RUN_READ)
    if owner is not None or names is None:
        return Scope(day)
    return Scope(day, tuple(work.session.scalars(select(Team.id).where(Team.name.in_(names)))))


def _day(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _analyse(work: UnitOfWork, tables: dict[str, str], id_: str, scope: Scope) -> AnalyticsView:
    row = work.session.execute(_statement(tables, scope), _parameters(id_, scope)).one()
    ended = _counts(row, "ended")
    total, succeeded = sum(ended.values()), ended.get("succeeded", 0)
    return AnalyticsView(
        since=scope.since,
        executions=total + row.active,
        ended=total,
        succeeded=succeeded,
        success_rate=succeeded / total if total else None,
        duration_seconds=_percentiles(_buckets(row, "duration")),
        approval_seconds=_percentiles(_buckets(row, "approval")),
        last_success=row.last_success,
        failures=[FailureView(**failure) for failure in row.failures],
    )


def _statement(tables: dict[str, str], scope: Scope) -> TextClause:
    """Return the statement FIGURES for these tables and this scope."""
    visible = {"visible_tallies": VISIBLE_TALLIES, "visible_runs": VISIBLE_RUNS}
    shown = visible if scope.teams is not None else dict.fromkeys(visible, "")
    return text(FIGURES.format(lines=LINES, **tables, **shown))


def _parameters(id_: str, scope: Scope) -> dict[str, Any]:
    since = scope.since or EVER
    given = {"id": id_, "since": since.date(), "since_moment": since, "most": MOST_FAILURES}
    return given | ({"teams": list(scope.teams)} if scope.teams is not None else {})


def _counts(row: Row[Any], what: str) -> dict[str, int]:
    """Return the counts whose key starts with `what`, by the rest of the key."""
    keys = ((*key.split(" ", 1), count) for key, count in row.counts.items())
    return {rest: int(count) for kind, rest, count in keys if kind == what}


def _buckets(row: Row[Any], what: str) -> Buckets:
    return {int(bucket): count for bucket, count in _counts(row, what).items()}


def _percentiles(buckets: Buckets) -> PercentilesView | None:
    """Return the percentiles in seconds, or None if nothing was measured."""
    p50, p95 = percentile(buckets, 0.5), percentile(buckets, 0.95)
    if p50 is None or p95 is None:
        return None
    return PercentilesView(p50=round(p50, 3), p95=round(p95, 3))
