"""The policy: who may do what. Slack, REST, CLI, pages and lists all use it, and anything not in its table is denied.

A decision has two parts. The role: which role may perform the action in its own team, globally, or in another team. The
token: it must have one of the scopes that the action requires; requests without a token, through Slack or at a
terminal, have all scopes. `runbook policy` prints the table.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Protocol

from core.decisions.policy_table import NOWHERE, POLICY, Action, PolicyRole, TeamScope
from core.errors import InsufficientScope, NotAllowed
from core.statuses import PrincipalKind, Role, TokenScope

_AS_WHAT = {
    PrincipalKind.SERVICE: PolicyRole.SERVICE,
    PrincipalKind.AGENT: PolicyRole.AGENT,
    PrincipalKind.OPERATOR: PolicyRole.OPERATOR,
    PrincipalKind.LINK: PolicyRole.LINK,
}
_A = {kind: f"{'An' if kind.value[0] in 'aeiou' else 'A'} {kind}" for kind in PrincipalKind}
SERVICE_SCOPES = frozenset({TokenScope.READ, TokenScope.ALERTS, TokenScope.RUN})
AGENT_SCOPES = frozenset({TokenScope.PROPOSE})
UNOWNED_SCOPES = frozenset(
    {TokenScope.READ, TokenScope.ALERTS}
)  # the scopes that a service without an owner may have


class Principal(Protocol):
    """A principal. `scopes`: those of the token they use; None without a token."""

    @property
    def kind(self) -> PrincipalKind: ...
    @property
    def roles(self) -> Mapping[str, Role]: ...
    @property
    def is_platform_admin(self) -> bool: ...
    @property
    def scopes(self) -> Set[TokenScope] | None: ...


def allows(person: Principal, action: Action, team: str | None) -> bool:
    """Return whether the person may perform the action on things of `team` (None: global things)."""
    return has_scope(person, action) and sees(person, action, team)


def sees(person: Principal, action: Action, team: str | None) -> bool:
    """Return whether the role allows the action: used to find things, before the token's scope is checked."""
    rule = POLICY.get(action)
    if rule is None:
        return False
    where = team_scope(person, team)
    return any(where in rule.who.get(role, NOWHERE) for role in roles_of(person, team))


def has_scope(person: Principal, action: Action) -> bool:
    """Return whether the token's scopes allow the action."""
    rule = POLICY.get(action)
    if rule is None:
        return False
    return person.scopes is None or not rule.needs or not person.scopes.isdisjoint(rule.needs)


def team_scope(person: Principal, team: str | None) -> TeamScope:
    """Return the relation of a team to this person."""
    if team is None:
        return TeamScope.GLOBAL
    return TeamScope.OWN if team in person.roles else TeamScope.OTHER


def roles_of(person: Principal, team: str | None) -> Iterator[PolicyRole]:
    """Yield the roles in which the person acts on things of `team`."""
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
    """Return the teams on whose things the person may perform the action, to filter a list; None: all teams."""
    if _sees_others(person, action):
        return None
    return frozenset(team for team in person.roles if sees(person, action, team))


def _sees_others(person: Principal, action: Action) -> bool:
    rule = POLICY.get(action)
    held = set(roles_of(person, None))
    return rule is not None and any(TeamScope.OTHER in rule.who.get(role, NOWHERE) for role in held)


def reaches(owner: str | None, team: str) -> bool:
    """Return whether a definition of team `owner` (None: global) may act on incidents of `team`, whoever started it."""
    where = TeamScope.GLOBAL if owner is None else TeamScope.OWN if owner == team else TeamScope.OTHER
    return where in POLICY[Action.RUNBOOK_RUN].who[PolicyRole.WORKFLOW]


def require(
    person: Principal, action: Action, team: str | None, sentence: str, *, hint: str | None = None
) -> None:
    """Raise NotAllowed with the sentence, or InsufficientScope if the token does not allow it."""
    require_scope(person, action)
    if not sees(person, action, team):
        raise NotAllowed(sentence, hint=hint)


def require_somewhere(person: Principal, action: Action, sentence: str) -> None:
    """Raise NotAllowed with the sentence if the person may perform the action nowhere: in no team, and not globally."""
    require_scope(person, action)
    teams = visible_teams(person, action)
    if teams is not None and not teams and not sees(person, action, None):
        raise NotAllowed(sentence)


def require_scope(person: Principal, action: Action) -> None:
    """Raise InsufficientScope if the token does not allow the action, whatever the team.

    Raises NotAllowed if principals of this kind can never perform it, and for an action that is not in the table.
    """
    rule = POLICY.get(action)
    if rule is None:
        raise NotAllowed(f"Nobody may do this: {action} is not in the policy.")
    if person.kind is not PrincipalKind.PERSON and _AS_WHAT[person.kind] not in rule.who:
        raise NotAllowed(f"{_A[person.kind]} may not {rule.deed}: only people may.")
    if not has_scope(person, action):
        raise _insufficient(rule.deed, rule.needs[0], person.scopes or frozenset())


def _insufficient(deed: str, scope: TokenScope, present: Set[TokenScope]) -> InsufficientScope:
    wanted = ",".join(each for each in TokenScope if each in present or each is scope)
    return InsufficientScope(
        f"This token may not {deed}: it does not have the scope `{scope}`.",
        hint=f"`runbook token create … --scope {wanted}` creates one that may.",
        scope=scope.value,
    )


def effective(action: Action, role: PolicyRole) -> frozenset[TeamScope]:
    """Return where the role may perform the action, including through the roles it implies."""
    who = POLICY[action].who
    held = {role, *_INCLUDED.get(role, ())}
    return frozenset().union(*(who.get(each, NOWHERE) for each in held))


_INCLUDED: Mapping[PolicyRole, tuple[PolicyRole, ...]] = {
    PolicyRole.RESPONDER: (PolicyRole.ANYBODY,),
    PolicyRole.TEAM_ADMIN: (PolicyRole.RESPONDER, PolicyRole.ANYBODY),
    PolicyRole.PLATFORM_ADMIN: (PolicyRole.ANYBODY,),
}
