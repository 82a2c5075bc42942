"""`/runbooks`: the library, and running from it."""

from http import HTTPStatus

from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer, RunbookAnswer, RunbookPage
from bot.rest.bodies import Run
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.idempotency import CurrentPost
from bot.rest.paging import WantedPage
from bot.rest.references import IncidentName, RunbookReference
from bot.rest.starting import OR_A_PLAN, start_or_plan
from core.service import Work
from core.services.listing import Position, list_runbooks
from core.services.reading import view_runbook
from core.services.runbooks import approve_runbook, find_runbook
from core.tables import Runbook

router = authenticated_router("runbooks")


class ExecuteBody(Run):
    """For which incident, and with what. `incident_id` may also be the incident's number."""

    incident_id: IncidentName
    """The incident's id, or its number as `inc-12`."""


@router.get("")
def list_all(caller: CurrentCaller, page: WantedPage) -> RunbookPage:
    """The runbooks of your teams and the global ones, newest first."""
    with caller.service.transaction() as work:
        found = page.cut(list_runbooks(work, caller.person, page.window), _position)
        return RunbookPage(runbooks=list(map(view_runbook, found.rows)), next_cursor=found.next_cursor)


def _position(runbook: Runbook) -> Position:
    return Position(runbook.created_at, runbook.id)


@router.get("/{id}")
def show(runbook: RunbookReference, caller: CurrentCaller) -> RunbookAnswer:
    """One runbook, by its id or its name: its newest version."""
    with caller.service.transaction() as work:
        return RunbookAnswer(runbook=view_runbook(find_runbook(work, caller.person, runbook)))


@router.post("/{id}/approve", response_model=RunbookAnswer)
def approve(runbook: RunbookReference, post: CurrentPost) -> Response:
    """Approve the newest version, so that it may run."""

    def act(work: Work) -> RunbookAnswer:
        found = find_runbook(work, post.caller.person, runbook)
        own = post.caller.settings.single_admin
        return RunbookAnswer(
            runbook=view_runbook(approve_runbook(work, post.caller.person, found, own_version_allowed=own))
        )

    return post.once(act)


@router.post(
    "/{id}/execute", status_code=HTTPStatus.CREATED, response_model=ExecutionAnswer, responses=OR_A_PLAN
)
def execute(runbook: RunbookReference, body: ExecuteBody, post: CurrentPost) -> Response:
    """Run a runbook for an incident that the body names.

    With `dry_run` the answer is the plan of such a run, of which nothing is done.
    """
    return start_or_plan(post, body.incident_id, runbook, body)
