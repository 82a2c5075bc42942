"""`/runbooks`: the runbook library, and running runbooks."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer, ExecutionPage, RunbookAnswer, RunbookPage, VersionPage
from bot.rest.bodies import Run, missing_is_invalid
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.documents import ANSWER, BODY, DocumentBody, Note, ReadVersion, SentDocument, WantsYaml
from bot.rest.filters import RunsOfDefinition, WantedTeam
from bot.rest.idempotency import CurrentPost
from bot.rest.library import NO_NOTE, Decision, DefinitionResource, Rollback
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentName, RunbookReference
from bot.rest.starting import OR_A_PLAN, page_of_runs, start_or_plan
from core.decisions.people import Person
from core.definitions.checks.secrets import Known
from core.definitions.runbook import RunbookDefinition
from core.services.access.listing import Position, list_runbook_executions, list_runbooks
from core.services.access.secrets import declared_secrets
from core.services.access.workspace import declared_channels
from core.services.library.finding import check_may_write, find
from core.services.library.history import view_runbook_with_diff
from core.services.library.kinds import RUNBOOKS
from core.services.library.writing import Intent
from core.services.views.reading import view_runbook
from core.statuses import ApprovalStatus
from core.tables import Runbook
from core.unit_of_work import UnitOfWork

router = authenticated_router("/api/runbooks", "runbooks")


class ExecuteBody(Run):
    """The incident and the parameters of a run."""

    incident_id: IncidentName
    """The incident's id, or its number such as `inc-12`."""


def _answer(work: UnitOfWork, row: Runbook) -> RunbookAnswer:
    return RunbookAnswer(runbook=view_runbook_with_diff(work, row))


def _read(work: UnitOfWork, person: Person, body: DocumentBody) -> RunbookDefinition:
    known = Known(channels=declared_channels(work), secrets=declared_secrets(work.session))
    return body.read(RunbookDefinition, partial(check_may_write, person), known)


RESOURCE = DefinitionResource(RUNBOOKS, _answer, _read)


@router.get("")
def list_all(
    caller: CurrentCaller,
    page: WantedPage,
    team: WantedTeam = None,
    status: Annotated[ApprovalStatus | None, Query(description="Only those in this status.")] = None,
) -> RunbookPage:
    """List the runbooks of your teams and the global ones, newest first."""
    with caller.unit_of_work.begin() as work, missing_is_invalid("team"):
        rows = list_runbooks(work, caller.person, page.window, team=team, status=status)
        found = page.cut(rows, _position)
        return RunbookPage(runbooks=list(map(view_runbook, found.rows)), next_cursor=found.next_cursor)


def _position(runbook: Runbook) -> Position:
    return Position(runbook.created_at, runbook.id)


@router.post("", status_code=HTTPStatus.CREATED, response_model=RunbookAnswer, openapi_extra=BODY)
def create(body: SentDocument, post: CurrentPost, note: Note = "") -> Response:
    """Create a runbook. It is a draft until somebody else approves it."""
    return RESOURCE.create(post, body, note)


@router.get("/{id}", response_model=RunbookAnswer, responses=ANSWER)
def show(runbook: RunbookReference, caller: CurrentCaller, as_yaml: WantsYaml) -> Response:
    """Return the newest version of a runbook, by its id or name, with its changes from the approved version."""
    return RESOURCE.show(caller, runbook, as_yaml=as_yaml)


@router.put("/{id}", response_model=RunbookAnswer, openapi_extra=BODY)
def change(
    runbook: RunbookReference,
    caller: CurrentCaller,
    body: SentDocument,
    version: ReadVersion,
    note: Note = "",
) -> Response:
    """Write the next version, which is a draft. An identical definition changes nothing."""
    return RESOURCE.change(caller, runbook, body, Intent(note, version))


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
def delete(runbook: RunbookReference, caller: CurrentCaller, version: ReadVersion, note: Note = "") -> None:
    """Delete a runbook that has no active executions. Its executions and history can still be read."""
    RESOURCE.delete(caller, runbook, Intent(note, version))


@router.get("/{id}/versions")
def versions(runbook: RunbookReference, caller: CurrentCaller, page: WantedPage) -> VersionPage:
    """List what was written and decided, by whom and when, newest first."""
    return RESOURCE.versions(caller, runbook, page)


@router.get("/{id}/executions")
def list_executions(
    runbook: RunbookReference, caller: CurrentCaller, page: WantedPage, runs: RunsOfDefinition
) -> ExecutionPage:
    """List the runbook's executions for the incidents of your teams, newest first.

    A deleted runbook is found by its id.
    """
    with caller.unit_of_work.begin() as work:
        row = find(work, caller.person, RUNBOOKS, runbook, even_deleted=True)
        wanted = runs.wanted(work, caller.person)
        return page_of_runs(
            work, page, list_runbook_executions(work, caller.person, row, page.window, wanted)
        )


@router.post("/{id}/approve", response_model=RunbookAnswer)
def approve(
    runbook: RunbookReference, post: CurrentPost, version: ReadVersion, body: Decision = NO_NOTE
) -> Response:
    """Approve the version in `If-Match`, which must be the newest, so that it may run. Without `If-Match`: 428."""
    return RESOURCE.approve(post, runbook, body, version)


@router.post("/{id}/deprecate", response_model=RunbookAnswer)
def deprecate(
    runbook: RunbookReference, post: CurrentPost, version: ReadVersion, body: Decision = NO_NOTE
) -> Response:
    """Deprecate a runbook, so that it can no longer be run. Its active executions continue."""
    return RESOURCE.deprecate(post, runbook, body, version)


@router.post("/{id}/rollback", response_model=RunbookAnswer)
def rollback(runbook: RunbookReference, post: CurrentPost, body: Rollback, version: ReadVersion) -> Response:
    """Write an earlier version again as the newest one. It is a draft and needs approval."""
    return RESOURCE.roll_back(post, runbook, body, version)


@router.post(
    "/{id}/execute", status_code=HTTPStatus.CREATED, response_model=ExecutionAnswer, responses=OR_A_PLAN
)
def execute(runbook: RunbookReference, body: ExecuteBody, post: CurrentPost) -> Response:
    """Run a runbook for the incident in the body.

    With `dry_run`, returns the plan of the run without running anything.
    """
    return start_or_plan(post, body.incident_id, runbook, body)
