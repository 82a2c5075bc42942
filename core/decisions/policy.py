"""The policy: who may do what. Slack, REST, CLI, pages and lists ask here; what is not in its table is refused.

An answer has two parts. The role's: which role may do the action in its own team, for what is global, for another
team. And the token's: one of the scopes that the action takes must be the token's; whoever came without one, through
Slack or at a terminal, has them all. `runbook policy` prints the table.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Protocol

from core.decisions.policy_table import NOWHERE, POLICY, Action, PolicyRole, TeamScope
from core.errors import InsufficientScope, NotAllowed
from core.statuses import PrincipalKind, Role, TokenScope

_AS_WHAT = {
    PrincipalKind.SERVICE: PolicyRole.SERVICE,
    PrincipalKind.OPERATOR: PolicyRole.OPERATOR,
    PrincipalKind.LINK: PolicyRole.LINK,
}
SERVICE_SCOPES = frozenset({TokenScope.READ, TokenScope.ALERTS, TokenScope.PROPOSE, TokenScope.RUN})
UNOWNED_SCOPES = frozenset(
    {TokenScope.READ, TokenScope.ALERTS}
)  # what a service may have that nobody answers for


class Principal(Protocol):
    """Who acts. `scopes`: those of the token that speaks for them; None without one."""

    @property
    def kind(self) -> PrincipalKind: ...
    @property
    def roles(self) -> Mapping[str, Role]: ...
    @property
    def is_platform_admin(self) -> bool: ...
    @property
    def scopes(self) -> Set[TokenScope] | None: ...


def allows(person: Principal, action: Action, team: str | None) -> bool:
    """Whether the person may do it to what is of `team` (None: what is global)."""
    return has_scope(person, action) and sees(person, action, team)


def sees(person: Principal, action: Action, team: str | None) -> bool:
    """The role's part of the answer alone: for finding things. What is done to them then asks for the token's too."""
    rule = POLICY.get(action)
    if rule is None:
        return False
    where = team_scope(person, team)
    return any(where in rule.who.get(role, NOWHERE) for role in roles_of(person, team))


def has_scope(person: Principal, action: Action) -> bool:
    """The token's part alone."""
    rule = POLICY.get(action)
    if rule is None:
        return False
    return person.scopes is None or not rule.needs or not person.scopes.isdisjoint(rule.needs)


def team_scope(person: Principal, team: str | None) -> TeamScope:
    """Whose it is, seen from this person."""
    if team is None:
        return TeamScope.GLOBAL
    return TeamScope.OWN if team in person.roles else TeamScope.OTHER


def roles_of(person: Principal, team: str | None) -> Iterator[PolicyRole]:
    """As what the person acts on what is of `team`."""
    if person.kind is not PrincipalKind.PERSON:
        yield _AS_WHAT[person.kind]
        return
    yield PolicyRole.ANYBODY
    role = person.roles.get(team) if team is not None else None
    if role is not None:
        yield PolicyRole.RESPONDER
    if role is Role.ADMIN:
        yield PolicyRole.TEAM_ADMIN
    if person.is_platform_admin:
        yield PolicyRole.PLATFORM_ADMIN


def visible_teams(person: Principal, action: Action) -> frozenset[str] | None:
    """The teams whose things the person may do it to, for a list's filter; None: those of every team."""
    if _sees_others(person, action):
        return None
    return frozenset(team for team in person.roles if sees(person, action, team))


def _sees_others(person: Principal, action: Action) -> bool:
    rule = POLICY.get(action)
    held = set(roles_of(person, None))
    return rule is not None and any(TeamScope.OTHER in rule.who.get(role, NOWHERE) for role in held)


def reaches(owner: str | None, team: str) -> bool:
    """Whether a definition of `owner` (None: a global one) acts on the incidents of `team`, whoever started it."""
    where = TeamScope.GLOBAL if owner is None else TeamScope.OWN if owner == team else TeamScope.OTHER
    return where in POLICY[Action.RUNBOOK_RUN].who[PolicyRole.WORKFLOW]


def require(
    person: Principal, action: Action, team: str | None, sentence: str, *, hint: str | None = None
) -> None:
    """Raise NotAllowed with the sentence, and InsufficientScope where it is the token that forbids it."""
    require_scope(person, action)
    if not sees(person, action, team):
        raise NotAllowed(sentence, hint=hint)


def require_somewhere(person: Principal, action: Action, sentence: str) -> None:
    """Raise NotAllowed with the sentence where there is nothing, of no team and not global, to which they may do it."""
    require_scope(person, action)
    teams = visible_teams(person, action)
    if teams is not None and not teams and not sees(person, action, None):
        raise NotAllowed(sentence)


def require_scope(person: Principal, action: Action) -> None:
    """What hangs on no team: raise InsufficientScope where the token is not good for the action.

    Raises NotAllowed where it is nothing that a principal of this kind ever does, and for what is not in the table.
    """
    rule = POLICY.get(action)
    if rule is None:
        raise NotAllowed(f"Nobody may do this: {action} is not in the policy.")
    if person.kind is not PrincipalKind.PERSON and _AS_WHAT[person.kind] not in rule.who:
        raise NotAllowed(f"A {person.kind} may not {rule.deed}: that is for people.")
    if not has_scope(person, action):
        raise _insufficient(rule.deed, rule.needs[0], person.scopes or frozenset())


def _insufficient(deed: str, scope: TokenScope, present: Set[TokenScope]) -> InsufficientScope:
    wanted = ",".join(each for each in TokenScope if each in present or each is scope)
    return InsufficientScope(
        f"This token may not {deed}: it lacks the scope `{scope}`.",
        hint=f"`runbook token create … --scope {wanted}` makes one that may.",
        scope=scope.value,
    )


def effective(action: Action, role: PolicyRole) -> frozenset[TeamScope]:
    """Where the role may do it, all that it also is included: a team's admin is its responder, and both are anybody."""
    who = POLICY[action].who
    held = {role, *_INCLUDED.get(role, ())}
    return frozenset().union(*(who.get(each, NOWHERE) for each in held))


_INCLUDED: Mapping[PolicyRole, tuple[PolicyRole, ...]] = {
    PolicyRole.RESPONDER: (PolicyRole.ANYBODY,),
    PolicyRole.TEAM_ADMIN: (PolicyRole.RESPONDER, PolicyRole.ANYBODY),
    PolicyRole.PLATFORM_ADMIN: (PolicyRole.ANYBODY,),
}
