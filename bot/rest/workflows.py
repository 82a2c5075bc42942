"""`/workflows`: the workflow library, and workflow executions."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from bot.rest.answers import (
    VersionPage,
    WorkflowAnswer,
    WorkflowExecutionAnswer,
    WorkflowExecutionPage,
    WorkflowPage,
)
from bot.rest.bodies import Body, missing_is_invalid
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.documents import ANSWER, BODY, DocumentBody, Note, ReadVersion, SentDocument, WantsYaml
from bot.rest.filters import RunsOfDefinition, WantedTeam
from bot.rest.idempotency import CurrentPost, Post
from bot.rest.library import NO_NOTE, Decision, DefinitionResource, Rollback
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentName, WorkflowExecutionReference, WorkflowReference
from core.decisions.people import Person
from core.definitions.checks.secrets import Known
from core.definitions.fields import Name
from core.definitions.workflow import WorkflowDefinition
from core.services.access.listing import Position, list_workflow_executions, list_workflows
from core.services.access.secrets import declared_secrets
from core.services.access.workspace import declared_channels
from core.services.incidents.opening import find_incident
from core.services.library.finding import check_may_write, visible_names
from core.services.library.history import view_workflow_with_diff
from core.services.library.kinds import RUNBOOKS, WORKFLOWS
from core.services.library.workflows import duplicate_workflow, find_workflow, switch_workflow
from core.services.library.writing import Intent
from core.services.runs.control import cancel_workflow
from core.services.runs.finding import find_workflow_execution
from core.services.starts.workflow_starts import start_workflow_by_person
from core.services.views.reading import view_workflow, view_workflow_execution, view_workflow_executions
from core.statuses import ApprovalStatus
from core.tables import Workflow, WorkflowExecution
from core.unit_of_work import UnitOfWork

router = authenticated_router("/api/workflows", "workflows")


class Duplicate(Decision):
    """The name of the copy."""

    name: Name


def _answer(work: UnitOfWork, row: Workflow) -> WorkflowAnswer:
    return WorkflowAnswer(workflow=view_workflow_with_diff(work, row))


def _read(work: UnitOfWork, person: Person, body: DocumentBody) -> WorkflowDefinition:
    """Parse the definition. The runbooks that it starts must exist, and the secrets that it uses be declared for it."""
    known = Known(
        visible_names(work, person, RUNBOOKS), declared_channels(work), declared_secrets(work.session)
    )
    return body.read(WorkflowDefinition, partial(check_may_write, person), known)


RESOURCE = DefinitionResource(WORKFLOWS, _answer, _read)


@router.get("")
def list_all(
    caller: CurrentCaller,
    page: WantedPage,
    team: WantedTeam = None,
    enabled: Annotated[
        bool | None, Query(description="Only those that are enabled, or that are not.")
    ] = None,
    status: Annotated[ApprovalStatus | None, Query(description="Only those in this status.")] = None,
) -> WorkflowPage:
    """List the workflows of your teams and the global ones, newest first."""
    with caller.unit_of_work.begin() as work, missing_is_invalid("team"):
        rows = list_workflows(work, caller.person, page.window, team=team, enabled=enabled, status=status)
        found = page.cut(rows, _position)
        return WorkflowPage(workflows=list(map(view_workflow, found.rows)), next_cursor=found.next_cursor)


def _position(workflow: Workflow) -> Position:
    return Position(workflow.created_at, workflow.id)


@router.post("", status_code=HTTPStatus.CREATED, response_model=WorkflowAnswer, openapi_extra=BODY)
def create(body: SentDocument, post: CurrentPost, note: Note = "") -> Response:
    """Create a workflow. It is a draft and does not start until somebody else approves it."""
    return RESOURCE.create(post, body, note)


@router.get("/executions/{id}")
def show_execution(execution: WorkflowExecutionReference, caller: CurrentCaller) -> WorkflowExecutionAnswer:
    """Return one workflow execution, with the runbook executions that it started."""
    with caller.unit_of_work.begin() as work:
        row = find_workflow_execution(work, caller.person, execution)
        return WorkflowExecutionAnswer(execution=view_workflow_execution(work, row))


class CancelBody(Body):
    """`runs`: whether the runs that it started continue (`go_on`) or are cancelled, too (`cancel`)."""

    runs: Literal["go_on", "cancel"] = "go_on"


ALONE = CancelBody()


@router.post("/executions/{id}/cancel", response_model=WorkflowExecutionAnswer)
def cancel_execution(
    execution: WorkflowExecutionReference, post: CurrentPost, body: CancelBody = ALONE
) -> Response:
    """Cancel a workflow execution: no further action starts. `runs` decides about the runs that it started."""

    def act(work: UnitOfWork) -> WorkflowExecutionAnswer:
        person, with_runs = post.caller.person, body.runs == "cancel"
        row, _ = cancel_workflow(work, person, execution, with_runs=with_runs)
        return WorkflowExecutionAnswer(execution=view_workflow_execution(work, row))

    return post.once(act)


@router.get("/{id}/executions")
def list_executions(
    workflow: WorkflowReference, caller: CurrentCaller, page: WantedPage, runs: RunsOfDefinition
) -> WorkflowExecutionPage:
    """List the workflow's executions for the incidents of your teams, newest first."""
    with caller.unit_of_work.begin() as work:
        row = find_workflow(work, caller.person, workflow)
        wanted = runs.wanted(work, caller.person)
        rows = list_workflow_executions(work, caller.person, row, page.window, wanted)
        found = page.cut(rows, _position_of_run)
        views = view_workflow_executions(work, found.rows)
        return WorkflowExecutionPage(executions=views, next_cursor=found.next_cursor)


def _position_of_run(execution: WorkflowExecution) -> Position:
    return Position(execution.created_at, execution.id)


class ManualStart(Body):
    """The incident to start a workflow for."""

    incident_id: IncidentName


@router.post("/{id}/execute", status_code=HTTPStatus.CREATED, response_model=WorkflowExecutionAnswer)
def execute(workflow: WorkflowReference, body: ManualStart, post: CurrentPost) -> Response:
    """Start a workflow whose trigger is `manual`."""

    def act(work: UnitOfWork) -> WorkflowExecutionAnswer:
        person = post.caller.person
        row = find_workflow(work, person, workflow)
        incident = find_incident(work, person, body.incident_id)
        execution_id = start_workflow_by_person(work, person, row, incident, post.request_key)
        execution = find_workflow_execution(work, person, execution_id)
        return WorkflowExecutionAnswer(execution=view_workflow_execution(work, execution))

    return post.once(act, HTTPStatus.CREATED)


@router.get("/{id}", response_model=WorkflowAnswer, responses=ANSWER)
def show(workflow: WorkflowReference, caller: CurrentCaller, as_yaml: WantsYaml) -> Response:
    """Return the newest version of a workflow, by its id or name, with its changes from the approved version."""
    return RESOURCE.show(caller, workflow, as_yaml=as_yaml)


@router.put("/{id}", response_model=WorkflowAnswer, openapi_extra=BODY)
def change(
    workflow: WorkflowReference,
    caller: CurrentCaller,
    body: SentDocument,
    version: ReadVersion,
    note: Note = "",
) -> Response:
    """Write the next version, which is a draft. The approved version stays in force until this one is approved."""
    return RESOURCE.change(caller, workflow, body, Intent(note, version))


@router.delete("/{id}", status_code=HTTPStatus.NO_CONTENT)
def delete(workflow: WorkflowReference, caller: CurrentCaller, version: ReadVersion, note: Note = "") -> None:
    """Delete a workflow that has no active executions. Its executions and history can still be read."""
    RESOURCE.delete(caller, workflow, Intent(note, version))


@router.get("/{id}/versions")
def versions(workflow: WorkflowReference, caller: CurrentCaller, page: WantedPage) -> VersionPage:
    """List what was written and decided, by whom and when, newest first."""
    return RESOURCE.versions(caller, workflow, page)


@router.post("/{id}/approve", response_model=WorkflowAnswer)
def approve(
    workflow: WorkflowReference, post: CurrentPost, version: ReadVersion, body: Decision = NO_NOTE
) -> Response:
    """Approve the version in `If-Match`, which must be the newest, and put it in force. Without `If-Match`: 428."""
    return RESOURCE.approve(post, workflow, body, version)


@router.post("/{id}/deprecate", response_model=WorkflowAnswer)
def deprecate(
    workflow: WorkflowReference, post: CurrentPost, version: ReadVersion, body: Decision = NO_NOTE
) -> Response:
    """Deprecate a workflow, so that no version of it starts any more. Its active executions continue."""
    return RESOURCE.deprecate(post, workflow, body, version)


@router.post("/{id}/rollback", response_model=WorkflowAnswer)
def rollback(
    workflow: WorkflowReference, post: CurrentPost, body: Rollback, version: ReadVersion
) -> Response:
    """Write an earlier version again as the newest one, a draft. Whether the workflow is enabled does not change."""
    return RESOURCE.roll_back(post, workflow, body, version)


@router.post("/{id}/enable", response_model=WorkflowAnswer)
def enable(
    workflow: WorkflowReference, post: CurrentPost, version: ReadVersion, body: Decision = NO_NOTE
) -> Response:
    """Enable a workflow: its approved version starts again. This puts no other version in force."""
    return _switch(workflow, post, body, version, enabled=True)


@router.post("/{id}/disable", response_model=WorkflowAnswer)
def disable(
    workflow: WorkflowReference, post: CurrentPost, version: ReadVersion, body: Decision = NO_NOTE
) -> Response:
    """Disable a workflow, so that it no longer starts. Its active executions continue."""
    return _switch(workflow, post, body, version, enabled=False)


def _switch(reference: str, post: Post, body: Decision, version: int | None, *, enabled: bool) -> Response:
    intent = Intent(body.note, version)

    def switch(work: UnitOfWork, row: Workflow) -> Workflow:
        return switch_workflow(work, post.caller.person, row, enabled=enabled, intent=intent)

    return RESOURCE.act(post, reference, switch)


@router.post("/{id}/duplicate", status_code=HTTPStatus.CREATED, response_model=WorkflowAnswer)
def duplicate(workflow: WorkflowReference, post: CurrentPost, body: Duplicate) -> Response:
    """Copy a workflow under another name. The copy is a draft, and disabled."""

    def act(work: UnitOfWork) -> WorkflowAnswer:
        row = find_workflow(work, post.caller.person, workflow)
        return _answer(work, duplicate_workflow(work, post.caller.person, row, body.name, Intent(body.note)))

    return post.once(act, HTTPStatus.CREATED)
