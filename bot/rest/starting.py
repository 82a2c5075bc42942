"""Starting, planning and listing runs, shared by the routes of runbooks and incidents."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from pydantic import JsonValue
from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer, ExecutionPage, PlanAnswer
from bot.rest.bodies import Run, fields_below
from bot.rest.idempotency import Post
from bot.rest.paging import PageRequest
from core.services.access.listing import Position
from core.services.incidents.opening import find_incident
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.services.views.executions import view_executions
from core.services.views.reading import view_execution
from core.simulation.dry_runs import plan_by_person
from core.tables import RunbookExecution
from core.unit_of_work import UnitOfWork

OR_A_PLAN: dict[int | str, dict[str, Any]] = {
    200: {"model": PlanAnswer, "description": "With `dry_run`: the plan."}
}


def start_or_plan(post: Post, incident: str, runbook: str, body: Run) -> Response:
    """Start the run (201), or with `dry_run` return its plan (200)."""
    if body.dry_run:
        return plan(post, incident, runbook, body.parameters)
    return start(post, incident, runbook, body.parameters)


def plan(post: Post, incident: str, runbook: str, parameters: Mapping[str, JsonValue]) -> Response:
    """Return the plan of a run. It has no effect, so it is computed for every request, whatever its key."""

    def act(work: UnitOfWork) -> PlanAnswer:
        person = post.caller.person
        wanted = Start(find_runbook(work, person, runbook), find_incident(work, person, incident), parameters)
        with fields_below("parameters"):
            return PlanAnswer(plan=plan_by_person(work, person, wanted))

    return replace(post, identity=None).once(act)


def start(post: Post, incident: str, runbook: str, parameters: Mapping[str, JsonValue]) -> Response:
    """Start the runbook for the incident, both given by id or name, and return 201 with the execution."""

    def act(work: UnitOfWork) -> ExecutionAnswer:
        person = post.caller.person
        wanted = Start(
            runbook=find_runbook(work, person, runbook),
            incident=find_incident(work, person, incident),
            parameters=parameters,
            request_key=post.request_key,
        )
        with fields_below("parameters"):
            row = start_by_person(work, person, wanted)
        return ExecutionAnswer(execution=view_execution(work, row))

    return post.once(act, HTTPStatus.CREATED)


def page_of_runs(work: UnitOfWork, page: PageRequest, rows: Sequence[RunbookExecution]) -> ExecutionPage:
    """Return the page of the runs that were found in its window."""
    found = page.cut(rows, _position)
    return ExecutionPage(executions=view_executions(work, found.rows), next_cursor=found.next_cursor)


def _position(execution: RunbookExecution) -> Position:
    return Position(execution.created_at, execution.id)
