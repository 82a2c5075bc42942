"""Approval gates: opened by an approval step, decided by people. The run waits in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.decisions.approval_policy import (
    ApprovalPolicy,
    Decision,
    Gate,
    decide,
    nobody_left,
    policy_from_json,
    policy_to_json,
)
from core.decisions.gates import SHORTEST_DIGEST, digest_of
from core.decisions.people import Person
from core.decisions.policy import require_scope
from core.decisions.policy_table import Action
from core.errors import NotAllowed, NotFound, Superseded
from core.identifiers import Prefix, derived_id
from core.services.access.listing import visible_gates
from core.services.access.people import members_with_roles
from core.services.executions.kinds import RUNBOOK
from core.services.executions.loading import load_locked
from core.services.runs.changes import apply_event
from core.services.shared import audit, notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import GateStatus
from core.tables import Approval, ApprovalDecision, Incident, RunbookExecution
from core.unit_of_work import UnitOfWork
from core.values.execution import GateDecided, GateOutdated, Json

EARLIER = "This approval was requested by an earlier release, which did not show what will be sent."


class StaleApproval(Superseded):
    """The person saw something other than what the approval is about now. `approval_id`: the gate to show again."""

    def __init__(self, message: str, approval_id: str, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.approval_id = approval_id


@dataclass(frozen=True)
class NewGate:
    """A gate that the step at `position` opens on its `attempt`. `shown`: the preview; see core.execution.preview."""

    execution_id: str
    incident_id: str
    position: int
    attempt: int
    policy: ApprovalPolicy
    message: str
    expires_at: datetime | None
    shown: list[Json] | None = None
    asked_again: str | None = None


def open_gate(work: UnitOfWork, new: NewGate) -> Approval:
    """Open a gate and enqueue its message."""
    gate = Approval(
        id=derived_id(Prefix.APPROVAL, new.execution_id, str(new.position), str(new.attempt)),
        execution_id=new.execution_id,
        position=new.position,
        attempt=new.attempt,
        policy=policy_to_json(new.policy),
        message=new.message,
        status=GateStatus.OPEN,
        opened_at=work.now,
        expires_at=new.expires_at,
        shown=new.shown,
        digest=_digest(work, new),
        asked_again=new.asked_again,
    )
    work.session.add(gate)
    work.session.flush()
    row = work.session.get_one(RunbookExecution, new.execution_id)
    thread_of = row.root_execution_id or row.id
    notices.enqueue_notice(work, NewNotice(NoticeKind.GATE, gate.id, new.incident_id, thread_of=thread_of))
    return gate


def _digest(work: UnitOfWork, new: NewGate) -> str | None:
    if new.shown is None:
        return None
    row = work.session.get_one(RunbookExecution, new.execution_id)
    return digest_of(row.runbook_id, row.runbook_version, row.parameters, new.shown)


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
    Raises NotFound, NotAllowed and Conflict as core.decisions.approval_policy.decide does, and StaleApproval if the
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
    return gate


def _decided(work: UnitOfWork, gate: Approval, person: Person, *, approved: bool) -> GateStatus:
    """Return the gate's status after this decision.

    Raises NotAllowed if the person may not decide. If too few people are left who may, the hint says who can help.
    """
    decisions = [Decision(d.slack_user_id, d.approved) for d in gate.decisions]
    policy = policy_from_json(gate.policy)
    as_it_stands = Gate(policy, GateStatus(gate.status), decisions, gate.expires_at)
    try:
        return decide(as_it_stands, person, approved, work.now)
    except NotAllowed as error:
        help_ = who_can_help(work, policy, decisions)
        raise NotAllowed(error.message, hint=help_) if help_ else error from None


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


def who_can_help(work: UnitOfWork, policy: ApprovalPolicy, decisions: Sequence[Decision]) -> str | None:
    """Return a sentence on who can help if too few people are left who may decide, otherwise None."""
    members = members_with_roles(work, {policy.team}) if policy.team is not None else {}
    return nobody_left(policy, members.get(policy.team or "", ()), decisions, work.admins)


def find_gate(work: UnitOfWork, person: Person, approval_id: str) -> Approval:
    """Return the gate. Raises NotFound, also if the person is neither in its teams nor named as an approver."""
    gate = work.session.get(Approval, approval_id)
    if gate is None or not _may_see(work, person, gate):
        raise NotFound(f"There is no approval {approval_id}.")
    return gate


def _may_see(work: UnitOfWork, person: Person, gate: Approval) -> bool:
    policy = policy_from_json(gate.policy)
    incident = work.session.scalars(
        select(Incident).join(RunbookExecution).where(RunbookExecution.id == gate.execution_id)
    ).one()
    teams = {incident.team.name, policy.team} - {None}
    return person.slack_user_id in policy.people or any(
        person.may_see(team, Action.APPROVAL_READ) for team in teams
    )


def open_gates(work: UnitOfWork, person: Person) -> list[Approval]:
    """Return the open gates that the person may see, oldest first."""
    return list(work.session.scalars(visible_gates(person).order_by(Approval.opened_at, Approval.id)))
