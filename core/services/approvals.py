"""Approval gates: opened by a step, decided by people, and nothing happens in between."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from core.decisions.approval_policy import ApprovalPolicy, Decision, Gate, decide
from core.decisions.execution import GateDecided
from core.decisions.people import Person
from core.decisions.policy import require_scope
from core.decisions.policy_table import Action
from core.errors import NotFound
from core.execution.changes import apply_event
from core.execution.kinds import RUNBOOK
from core.execution.rows import load_locked
from core.identifiers import Prefix, new_id
from core.service import Work
from core.services import audit, notices
from core.services.gate_policies import policy_from_json
from core.services.listing import visible_gates
from core.services.notices import NewNotice, NoticeKind
from core.statuses import GateStatus
from core.tables import Approval, ApprovalDecision, Incident, RunbookExecution


@dataclass(frozen=True)
class NewGate:
    """A gate to be opened by the step at `position`, on its `attempt`."""

    execution_id: str
    incident_id: str
    position: int
    attempt: int
    policy: ApprovalPolicy
    message: str
    expires_at: datetime | None


def open_gate(work: Work, new: NewGate) -> Approval:
    """Open a gate and owe the channel its message."""
    gate = Approval(
        id=new_id(Prefix.APPROVAL),
        execution_id=new.execution_id,
        position=new.position,
        attempt=new.attempt,
        policy=asdict(new.policy),
        message=new.message,
        status=GateStatus.OPEN,
        opened_at=work.now,
        expires_at=new.expires_at,
    )
    work.session.add(gate)
    work.session.flush()
    notices.owe(work, NewNotice(NoticeKind.GATE, gate.id, new.incident_id, thread_of=gate.execution_id))
    return gate


def decide_gate(
    work: Work, person: Person, approval_id: str, *, approved: bool, reason: str = ""
) -> Approval:
    """One person's decision on a gate. The first decisive one wins, and wakes the execution.

    Raises NotFound, NotAllowed and Conflict as core.decisions.approval_policy.decide does.
    """
    gate = find_gate(work, person, approval_id)
    require_scope(person, Action.APPROVAL_DECIDE)
    loaded = load_locked(work.session, RUNBOOK, gate.execution_id)
    work.session.refresh(gate, with_for_update=True)
    decisions = [Decision(d.slack_user_id, d.approved) for d in gate.decisions]
    policy = policy_from_json(gate.policy)
    status = decide(
        Gate(policy, GateStatus(gate.status), decisions, gate.expires_at), person, approved, work.now
    )
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
    notices.want_again(work, gate.id, NoticeKind.GATE)
    if status is not GateStatus.OPEN:
        gate.status, gate.closed_at = status, work.now
        work.session.flush()
        apply_event(work, loaded, GateDecided(approved, f"<@{person.slack_user_id}>", reason))
    return gate


def find_gate(work: Work, person: Person, approval_id: str) -> Approval:
    """NotFound also for what the person neither owns nor is named in."""
    gate = work.session.get(Approval, approval_id)
    if gate is None or not _may_see(work, person, gate):
        raise NotFound(f"There is no approval {approval_id}.")
    return gate


def _may_see(work: Work, person: Person, gate: Approval) -> bool:
    policy = policy_from_json(gate.policy)
    incident = work.session.scalars(
        select(Incident).join(RunbookExecution).where(RunbookExecution.id == gate.execution_id)
    ).one()
    teams = {incident.team.name, policy.team} - {None}
    return person.slack_user_id in policy.people or any(
        person.may_see(team, Action.APPROVAL_READ) for team in teams
    )


def open_gates(work: Work, person: Person) -> list[Approval]:
    """The gates that wait for somebody, oldest first, as far as the person may see them."""
    return list(work.session.scalars(visible_gates(person).order_by(Approval.opened_at, Approval.id)))
