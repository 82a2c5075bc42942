"""Approval gates: who may decide, and when a gate is decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.decisions.people import Person
from core.errors import Conflict, NotAllowed
from core.statuses import GateStatus, Role


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """Approvers are the named people, and members of `team` with at least `role`; `count` must approve."""

    requester: str
    team: str | None = None
    role: Role = Role.RESPONDER
    people: tuple[str, ...] = ()
    count: int = 1
    allow_requester: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    slack_user_id: str
    approved: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate as it stands before a person decides."""

    policy: ApprovalPolicy
    status: GateStatus
    decisions: Sequence[Decision]
    expires_at: datetime | None


def decide(gate: Gate, person: Person, approved: bool, now: datetime) -> GateStatus:
    """The gate's status once this person has decided.

    One rejection decides; `count` approvals decide; until then the gate stays open.

    Raises:
        Conflict: the gate is closed, its time is over, or this person decided before.
        NotAllowed: this person may not decide here.
    """
    _check_open(gate, now)
    _check_approver(gate.policy, person)
    if any(decision.slack_user_id == person.slack_user_id for decision in gate.decisions):
        raise Conflict("You have already decided here.", hint="One decision a person.")
    if not approved:
        return GateStatus.REJECTED
    approvals = 1 + sum(decision.approved for decision in gate.decisions)
    return GateStatus.APPROVED if approvals >= gate.policy.count else GateStatus.OPEN


def is_approver(policy: ApprovalPolicy, person: Person) -> bool:
    """Whether the policy names this person, the requester's exclusion aside."""
    if person.slack_user_id in policy.people:
        return True
    if policy.team is None:
        return person.is_platform_admin and not policy.people
    if policy.role is Role.ADMIN:
        return person.is_admin_of(policy.team)
    return person.is_responder_of(policy.team)


def possible_deciders(policy: ApprovalPolicy, members: Iterable[tuple[str, Role]]) -> list[str]:
    """The Slack ids of who may decide, of those named and of the team's `members`: each with the role they have."""
    holders = {who for who, role in members if role is Role.ADMIN or policy.role is not Role.ADMIN}
    people = holders.union(policy.people)
    return sorted(people if policy.allow_requester else people - {policy.requester})


def _check_open(gate: Gate, now: datetime) -> None:
    if gate.status is not GateStatus.OPEN:
        raise Conflict(f"This was already {gate.status.value}.")
    if gate.expires_at is not None and now >= gate.expires_at:
        raise Conflict("This approval's time is over.", hint="Run the runbook again to ask again.")


def _check_approver(policy: ApprovalPolicy, person: Person) -> None:
    if person.slack_user_id == policy.requester and not policy.allow_requester:
        raise NotAllowed(
            "You asked for this run, so somebody else must approve it.", hint="A second person decides."
        )
    if not is_approver(policy, person):
        raise NotAllowed(f"Only {describe_approvers(policy)} may decide here.")


def describe_approvers(policy: ApprovalPolicy) -> str:
    """Who may decide, in words with Slack mentions: `an admin of team database, or <@U0DBA>`."""
    named = [f"<@{person}>" for person in policy.people]
    if policy.team is not None:
        kind = "an admin" if policy.role is Role.ADMIN else "a responder"
        named.insert(0, f"{kind} of team {policy.team}")
    return ", or ".join(named) if named else "a platform admin"
