"""Approval gates: who may decide, when a gate is decided, and how its policy is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.decisions.initiators import Initiator, Initiators, initiators_from_json, initiators_to_json
from core.decisions.people import Person, principals_of
from core.errors import AlreadyDone, NotAllowed, Superseded
from core.statuses import GateStatus, Role
from core.values.execution import Json


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """Approvers are the named people, and members of `team` with at least `role`; `count` must approve.

    None of the `initiators` may decide, unless `allow_requester`. `requester`: who requested the run, for display.
    """

    requester: str
    initiators: Initiators = ()
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
    """A gate before a person's decision."""

    policy: ApprovalPolicy
    status: GateStatus
    decisions: Sequence[Decision]
    expires_at: datetime | None


def decide(gate: Gate, person: Person, approved: bool, now: datetime) -> GateStatus:
    """Return the gate's status after this person's decision.

    One rejection rejects it and `count` approvals approve it; until then the gate stays open.

    Raises:
        Conflict: the gate is closed or has expired, or this person has already decided.
        NotAllowed: this person may not decide here.
    """
    _check_open(gate, now)
    _check_approver(gate.policy, person)
    if any(decision.slack_user_id == person.slack_user_id for decision in gate.decisions):
        raise AlreadyDone("You have already decided here.", hint="Each person can decide only once.")
    if not approved:
        return GateStatus.REJECTED
    approvals = 1 + sum(decision.approved for decision in gate.decisions)
    return GateStatus.APPROVED if approvals >= gate.policy.count else GateStatus.OPEN


def is_approver(policy: ApprovalPolicy, person: Person) -> bool:
    """Return whether the policy names this person, regardless of whether they initiated the run."""
    if person.slack_user_id in policy.people:
        return True
    if policy.team is None:
        return person.is_platform_admin and not policy.people
    if policy.role is Role.ADMIN:
        return person.is_admin_of(policy.team)
    return person.is_responder_of(policy.team)


def possible_deciders(policy: ApprovalPolicy, members: Iterable[tuple[str, Role]]) -> list[str]:
    """Return the sorted Slack ids of those who may decide: the people named, and the team's `members` by role."""
    holders = {who for who, role in members if role is Role.ADMIN or policy.role is not Role.ADMIN}
    people = holders.union(policy.people)
    return sorted(people - excluded(policy))


def excluded(policy: ApprovalPolicy) -> frozenset[str]:
    """Return the ids of the people who may not decide because they initiated the run."""
    return frozenset() if policy.allow_requester else frozenset(each.who for each in _initiators(policy))


def _initiators(policy: ApprovalPolicy) -> Initiators:
    """Return the initiators including the requester, who may be the only one known."""
    return (*policy.initiators, Initiator(policy.requester, "asked"))


def _check_open(gate: Gate, now: datetime) -> None:
    if gate.status is not GateStatus.OPEN:
        raise Superseded(f"This was already {gate.status.value}.")
    if gate.expires_at is not None and now >= gate.expires_at:
        raise Superseded(
            "This approval has expired.", hint="Run the runbook again to request a new approval."
        )


def _check_approver(policy: ApprovalPolicy, person: Person) -> None:
    own = _own_deed(policy, person)
    if own is not None:
        raise NotAllowed(
            f"You {own.said}, so somebody else must approve it.",
            hint="The initiators of a run may not decide on it.",
        )
    if not is_approver(policy, person):
        raise NotAllowed(f"Only {describe_approvers(policy)} may decide here.")


def _own_deed(policy: ApprovalPolicy, person: Person) -> Initiator | None:
    """Return how this person initiated the run; None if they did not, or if the policy allows it."""
    names = excluded(policy).intersection(principals_of(person))
    return next((each for each in _initiators(policy) if each.who in names), None)


def nobody_left(
    policy: ApprovalPolicy,
    members: Iterable[tuple[str, Role]],
    decisions: Sequence[Decision],
    platform_admins: Iterable[str],
) -> str | None:
    """Return why too few people remain who may decide, and who can help; None if there are enough.

    `members`: the members of the policy's team, with their roles. Platform admins are not asked to decide, but they may
    decide in place of a team.
    """
    decided = {decision.slack_user_id for decision in decisions}
    missing = policy.count - sum(decision.approved for decision in decisions)
    asked = possible_deciders(policy, members)
    if policy.team is None and not policy.people:
        asked = sorted(set(platform_admins) - excluded(policy))
    left = set(asked) - decided
    if len(left) >= missing:
        return None
    lead = "Nobody can still decide" if not left else f"Only {_named(sorted(left))} can still decide"
    who = f"{lead} here. Approvers: {describe_approvers(policy)}, except the initiators of this run."
    return f"{who} {_help(policy, set(platform_admins) - excluded(policy) - decided)}"


def _help(policy: ApprovalPolicy, platform_admins: set[str]) -> str:
    admins = _named(sorted(platform_admins)) or "A platform admin"
    if policy.people and policy.team is None:
        return f"{admins} can approve a version of the runbook that names other approvers; this run can be cancelled."
    may = f"{admins} can decide" if platform_admins else "A platform admin who did not initiate it can decide"
    if policy.team is None:
        return f"{may}."
    role = "an admin" if policy.role is Role.ADMIN else "a responder"
    return f"{may}, or make somebody {role} of team {policy.team}, who will then be asked here."


def _named(people: Sequence[str]) -> str:
    return " or ".join(f"<@{person}>" for person in people)


def describe_approvers(policy: ApprovalPolicy) -> str:
    """Describe who may decide, with Slack mentions: `an admin of team database, or <@U0DBA>`."""
    named = [f"<@{person}>" for person in policy.people]
    if policy.team is not None:
        kind = "an admin" if policy.role is Role.ADMIN else "a responder"
        named.insert(0, f"{kind} of team {policy.team}")
    return ", or ".join(named) if named else "a platform admin"


def policy_to_json(policy: ApprovalPolicy) -> dict[str, Json]:
    """Return the policy as it is stored in the gate's row."""
    return {
        "requester": policy.requester,
        "initiators": initiators_to_json(policy.initiators),
        "team": policy.team,
        "role": policy.role.value,
        "people": list(policy.people),
        "count": policy.count,
        "allow_requester": policy.allow_requester,
    }


def policy_from_json(value: dict[str, object]) -> ApprovalPolicy:
    """Return the policy stored by `policy_to_json`. Gates stored before initiators existed have only the requester."""
    people = value.get("people") or []
    assert isinstance(people, list)
    team, requester = value.get("team"), str(value["requester"])
    known = "initiators" in value
    return ApprovalPolicy(
        requester=requester,
        initiators=initiators_from_json(value["initiators"]) if known else (Initiator(requester, "asked"),),
        team=str(team) if team is not None else None,
        role=Role(str(value.get("role", Role.RESPONDER))),
        people=tuple(map(str, people)),
        count=int(str(value.get("count", 1))),
        allow_requester=bool(value.get("allow_requester", False)),
    )
