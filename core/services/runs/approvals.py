"""Approval gates: deciding them, and finding those that somebody may see. They are opened in gate_opening.py."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from core.decisions.approval_policy import (
    Decision,
    nobody_left,
    policy_from_json,
    who_may,
)
from core.decisions.gate_decisions import Gate, check_may_decide, decide
from core.decisions.gates import SHORTEST_DIGEST
from core.decisions.people import Person
from core.decisions.policy import require_scope
from core.decisions.policy_table import Action
from core.errors import NotAllowed, NotFound, Superseded
from core.services.access.listing import visible_gates
from core.services.access.people import members_with_roles
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import load_locked
from core.services.runs.changes import apply_event
from core.services.shared import audit, notices
from core.services.shared.notices import NoticeKind
from core.statuses import GateStatus
from core.tables import Approval, ApprovalDecision, Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import GateDecided, GateOutdated

EARLIER = "This approval was requested by an earlier release, which did not show what will be sent."


class StaleApproval(Superseded):
    """The person saw something other than what the approval is about now. `approval_id`: the gate to show again."""

    def __init__(self, message: str, approval_id: str, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.approval_id = approval_id


def decide_gate(
    work: UnitOfWork,
    person: Person,
    approval_id: str,
    *,
    approved: bool,
    reason: str = "",
    seen: str | None = None,
) -> Approval:
    """Record one person's decision on a gate. The first decisive one wins and wakes the execution.

    `seen`: the digest of what the person was shown, or its first characters; None if the client did not send it.
    Raises NotFound, what core.decisions.gate_decisions.decide raises, and StaleApproval if the
    person saw something else, or nothing; then the caller shows the gate again with `show_anew`.
    """
    gate = find_gate(work, person, approval_id)
    require_scope(person, Action.APPROVAL_DECIDE)
    loaded = load_locked(work.session, RUNBOOK, gate.execution_id)
    work.session.refresh(gate, with_for_update=True)
    status = _decided(work, gate, person, approved=approved)
    _check_seen(gate, seen, approved=approved)
    work.session.add(
        ApprovalDecision(
            approval_id=gate.id,
            slack_user_id=person.slack_user_id,
            approved=approved,
            reason=reason,
            created_at=work.now,
        )
    )
    word = "approved" if approved else "rejected"
    change = {"before": {"status": gate.status}, "after": {"status": status.value}}
    details = {"execution": gate.execution_id, "reason": reason, **change}
    audit.record(work, person, f"approval.{word}", gate.id, details)
    notices.mark_dirty(work, gate.id, NoticeKind.GATE)
    if status is not GateStatus.OPEN:
        gate.status, gate.closed_at = status, work.now
        work.session.flush()
        apply_event(work, loaded, GateDecided(approved, f"<@{person.slack_user_id}>", reason, gate.id))
    work.session.flush()
    work.session.refresh(gate)  # its decisions were read before this one was added
    return gate


def check_can_decide(
    work: UnitOfWork, person: Person, approval_id: str, *, approved: bool, seen: str | None = None
) -> Approval:
    """Return the gate, if `decide_gate` would accept this person's decision now. Otherwise raises what it raises."""
    gate = find_gate(work, person, approval_id)
    require_scope(person, Action.APPROVAL_DECIDE)
    with _helpful(work, gate):
        check_may_decide(_as_it_stands(gate), person, work.now)
    _check_seen(gate, seen, approved=approved)
    return gate


def _decided(work: UnitOfWork, gate: Approval, person: Person, *, approved: bool) -> GateStatus:
    """Return the gate's status after this decision. Raises what core.decisions.gate_decisions.decide raises."""
    with _helpful(work, gate):
        return decide(_as_it_stands(gate), person, approved, work.now)


def _as_it_stands(gate: Approval) -> Gate:
    decisions = [Decision(d.slack_user_id, d.approved, d.created_at) for d in gate.decisions]
    policy = policy_from_json(gate.policy)
    return Gate(policy, GateStatus(gate.status), decisions, gate.expires_at, gate.closed_at)


@contextmanager
def _helpful(work: UnitOfWork, gate: Approval) -> Iterator[None]:
    """Add to a NotAllowed who may decide; or, if too few people are left who may, who can help."""
    try:
        yield
    except NotAllowed as error:
        found = _as_it_stands(gate)
        members = members_with_roles(work, found.policy.teams)
        help_ = nobody_left(found.policy, members, found.decisions, work.admins)
        raise NotAllowed(error.message, hint=help_ or who_may(found.policy, members, work.admins)) from None


def _check_seen(gate: Approval, seen: str | None, *, approved: bool) -> None:
    """Raise StaleApproval unless the person saw what they approve."""
    if gate.digest is None and approved:
        raise StaleApproval(EARLIER, gate.id, hint="It is now requested again, and shows what will be sent.")
    if seen is None or gate.digest is None:
        return
    if len(seen) < SHORTEST_DIGEST or not gate.digest.startswith(seen):
        raise StaleApproval(
            "The approval request has changed since you saw it. Nothing was decided.",
            gate.id,
            hint="Review its message, which is now up to date, and decide again.",
        )


def show_anew(work: UnitOfWork, approval_id: str) -> None:
    """Post the gate's message again. An open gate that does not show what will be sent is reopened, so that it does."""
    gate = work.session.get_one(Approval, approval_id)
    loaded = load_locked(work.session, RUNBOOK, gate.execution_id)
    work.session.refresh(gate, with_for_update=True)
    if gate.digest is None and gate.status == GateStatus.OPEN:
        apply_event(work, loaded, GateOutdated(EARLIER))
    notices.mark_dirty(work, gate.id, NoticeKind.GATE)


def find_gate(work: UnitOfWork, person: Person, approval_id: str) -> Approval:
    """Return the gate. Raises NotFound, also if the person is neither in its teams nor named as an approver."""
    gate = work.session.get(Approval, approval_id)
    if gate is None or not _may_see(work, person, gate):
        raise NotFound(
            f"There is no approval {approval_id} that you may see.",
            hint="Its message, if you have it before you, names who may decide.",
        )
    return gate


def _may_see(work: UnitOfWork, person: Person, gate: Approval) -> bool:
    policy = policy_from_json(gate.policy)
    incident = work.session.scalars(
        select(Incident).join(RunbookExecution).where(RunbookExecution.id == gate.execution_id)
    ).one()
    teams = {incident.team.name, *policy.teams}
    return person.slack_user_id in policy.named or any(
        person.may_see(team, Action.APPROVAL_READ) for team in teams
    )


def open_gates(work: UnitOfWork, person: Person) -> list[Approval]:
    """Return the open gates that the person may see, oldest first."""
    return list(work.session.scalars(visible_gates(person).order_by(Approval.opened_at, Approval.id)))
