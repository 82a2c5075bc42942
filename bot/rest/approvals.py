"""`/approvals`: listing open approval gates, and deciding them."""

from starlette.responses import Response

from bot.rest.answers import ApprovalAnswer, ApprovalPage
from bot.rest.bodies import NO_REASON, Decided, missing_is_invalid
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.filters import RunsAtGates, WantedTeam
from bot.rest.idempotency import CurrentPost, Post
from bot.rest.paging import WantedPage
from bot.rest.references import ApprovalReference
from core.services.access.listing import Position, list_open_gates
from core.services.runs.approvals import StaleApproval, decide_gate, show_anew
from core.services.views.executions import view_approvals
from core.services.views.reading import view_approval
from core.tables import Approval
from core.unit_of_work import UnitOfWork

router = authenticated_router("/api/approvals", "approvals")


@router.get("")
def list_open(
    caller: CurrentCaller, page: WantedPage, runs: RunsAtGates, team: WantedTeam = None
) -> ApprovalPage:
    """List the open gates that you may see, newest first. `team` filters by the incident's team."""
    with caller.unit_of_work.begin() as work, missing_is_invalid("team"):
        wanted = runs.wanted(work, caller.person)
        rows = list_open_gates(work, caller.person, page.window, wanted, team=team)
        found = page.cut(rows, _position)
        views = view_approvals(work, found.rows)
        return ApprovalPage(approvals=views, next_cursor=found.next_cursor)


def _position(gate: Approval) -> Position:
    return Position(gate.opened_at, gate.id)


@router.post("/{id}/approve", response_model=ApprovalAnswer)
def approve(approval: ApprovalReference, post: CurrentPost, body: Decided = NO_REASON) -> Response:
    """Approve the gate, so that the run continues. Its initiators may not, unless the runbook allows it."""
    return _decide(approval, post, body, approved=True)


@router.post("/{id}/reject", response_model=ApprovalAnswer)
def reject(approval: ApprovalReference, post: CurrentPost, body: Decided = NO_REASON) -> Response:
    """Reject the gate, which ends the run."""
    return _decide(approval, post, body, approved=False)


def _decide(approval: str, post: Post, body: Decided, *, approved: bool) -> Response:
    def act(work: UnitOfWork) -> ApprovalAnswer:
        person, reason = post.caller.person, body.reason
        gate = decide_gate(work, person, approval, approved=approved, reason=reason, seen=body.digest)
        return ApprovalAnswer(approval=view_approval(work, gate))

    try:
        return post.once(act)
    except StaleApproval as stale:
        with post.caller.unit_of_work.begin() as work:
            show_anew(work, stale.approval_id)
        raise
