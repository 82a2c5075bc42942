"""Who may decide at an approval gate, and how this policy is stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from core.decisions.initiators import Initiator, Initiators, initiators_from_json, initiators_to_json
from core.decisions.people import Person, principals_of
from core.errors import NotAllowed
from core.statuses import Role
from core.values.execution import Json

MOST_NAMED = 5  # people in a sentence

# The members of teams as Slack ids and roles, by team name.
Members: TypeAlias = Mapping[str, Iterable[tuple[str, Role]]]


@dataclass(frozen=True, slots=True)
class Deciders:
    """The named people, and members of `team` with at least `role`."""

    team: str | None = None
    role: Role = Role.RESPONDER
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """Approvers are the named people, and members of `team` with at least `role`; `count` must approve.

    None of the `initiators` may decide, unless `allow_requester`. `requester`: who requested the run, for display.
    `also`: those to whom the gate was escalated, who may decide as well.
    """

    requester: str
    initiators: Initiators = ()
    team: str | None = None
    role: Role = Role.RESPONDER
    people: tuple[str, ...] = ()
    count: int = 1
    allow_requester: bool = False
    also: Deciders | None = None

    @property
    def deciders(self) -> tuple[Deciders, ...]:
        own = Deciders(self.team, self.role, self.people)
        return (own, self.also) if self.also is not None else (own,)

    @property
    def teams(self) -> frozenset[str]:
        """The teams whose members may decide."""
        return frozenset(each.team for each in self.deciders if each.team is not None)

    @property
    def named(self) -> frozenset[str]:
        """The people who may decide by name."""
        return frozenset(who for each in self.deciders for who in each.people)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision; `at`: when, for the sentences about it."""

    slack_user_id: str
    approved: bool
    at: datetime | None = None


def is_approver(policy: ApprovalPolicy, person: Person) -> bool:
    """Return whether the policy names this person, regardless of whether they initiated the run."""
    if policy.team is None and not policy.people and person.is_platform_admin:
        return True
    return any(_is_one_of(deciders, person) for deciders in policy.deciders)


def _is_one_of(deciders: Deciders, person: Person) -> bool:
    if person.slack_user_id in deciders.people:
        return True
    if deciders.team is None:
        return False
    if deciders.role is Role.ADMIN:
        return person.is_admin_of(deciders.team)
    return person.is_responder_of(deciders.team)


def possible_deciders(policy: ApprovalPolicy, members: Members) -> list[str]:
    """Return the sorted Slack ids of those who may decide: the people named, and the teams' `members` by role."""
    return sorted({who for each in policy.deciders for who in _holders(each, members)} - excluded(policy))


def _holders(deciders: Deciders, members: Members) -> Iterator[str]:
    yield from deciders.people
    for who, role in members.get(deciders.team or "", ()):
        if role is Role.ADMIN or deciders.role is not Role.ADMIN:
            yield who


def excluded(policy: ApprovalPolicy) -> frozenset[str]:
    """Return the ids of the people who may not decide because they initiated the run."""
    return frozenset() if policy.allow_requester else frozenset(each.who for each in _initiators(policy))


def _initiators(policy: ApprovalPolicy) -> Initiators:
    """Return the initiators including the requester, who may be the only one known."""
    return (*policy.initiators, Initiator(policy.requester, "asked"))


def check_approver(policy: ApprovalPolicy, person: Person) -> None:
    """Raise NotAllowed, with the reason, if this person may not decide here."""
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
    members: Members,
    decisions: Sequence[Decision],
    platform_admins: Iterable[str],
) -> str | None:
    """Return why too few people remain who may decide, and who can help; None if there are enough.

    `members`: those of the policy's teams. Platform admins are not asked to decide, but they may
    decide in place of a team.
    """
    decided = {decision.slack_user_id for decision in decisions}
    missing = policy.count - sum(decision.approved for decision in decisions)
    left = asked(policy, members, platform_admins) - decided
    if len(left) >= missing:
        return None
    lead = "Nobody can still decide" if not left else f"Only {named(sorted(left))} can still decide"
    who = f"{lead} here. Approvers: {describe_approvers(policy)}, except the initiators of this run."
    return f"{who} {_help(policy, set(platform_admins) - excluded(policy) - decided)}"


def asked(policy: ApprovalPolicy, members: Members, platform_admins: Iterable[str]) -> set[str]:
    """Return who is asked to decide. Platform admins are, if the policy names nobody."""
    found = set(possible_deciders(policy, members))
    if policy.team is None and not policy.people:
        found |= set(platform_admins) - excluded(policy)
    return found


def who_may(policy: ApprovalPolicy, members: Members, platform_admins: Iterable[str]) -> str | None:
    """Return a sentence that names the first few who may decide; None if there is nobody."""
    people = sorted(asked(policy, members, platform_admins))
    if not people:
        return None
    more = f" and {len(people) - MOST_NAMED} more" if len(people) > MOST_NAMED else ""
    return f"Ask {named(people[:MOST_NAMED])}{more}: they may decide here."


def _help(policy: ApprovalPolicy, platform_admins: set[str]) -> str:
    admins = named(sorted(platform_admins)) or "A platform admin"
    if policy.people and policy.team is None:
        return f"{admins} can approve a version of the runbook that names other approvers; this run can be cancelled."
    may = f"{admins} can decide" if platform_admins else "A platform admin who did not initiate it can decide"
    if policy.team is None:
        return f"{may}."
    role = "an admin" if policy.role is Role.ADMIN else "a responder"
    return f"{may}, or make somebody {role} of team {policy.team}, who will then be asked here."


def named(people: Sequence[str]) -> str:
    """Return mentions, joined by "or"."""
    return " or ".join(f"<@{person}>" for person in people)


def describe_approvers(policy: ApprovalPolicy) -> str:
    """Describe who may decide, with Slack mentions: `an admin of team database, or <@U0DBA>`."""
    return ", or ".join(describe(each) for each in policy.deciders)


def describe(deciders: Deciders) -> str:
    """Describe them as `describe_approvers` does; if nobody is named, it is platform admins who decide."""
    people = [f"<@{person}>" for person in deciders.people]
    if deciders.team is not None:
        kind = "an admin" if deciders.role is Role.ADMIN else "a responder"
        people.insert(0, f"{kind} of team {deciders.team}")
    return ", or ".join(people) or "a platform admin"


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
        **({"also": deciders_to_json(policy.also)} if policy.also is not None else {}),
    }


def deciders_to_json(deciders: Deciders) -> dict[str, Json]:
    return {"team": deciders.team, "role": deciders.role.value, "people": list(deciders.people)}


def deciders_from_json(value: object) -> Deciders | None:
    """Return what `deciders_to_json` stored; None for nothing."""
    if not isinstance(value, dict):
        return None
    team, people = value.get("team"), value.get("people") or []
    return Deciders(
        str(team) if team is not None else None, Role(str(value["role"])), tuple(map(str, people))
    )


def policy_from_json(value: Mapping[str, object]) -> ApprovalPolicy:
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
        also=deciders_from_json(value.get("also")),
    )
