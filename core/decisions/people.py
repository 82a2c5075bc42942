"""A person or another principal, and their roles. What these allow is decided by the policy (core.decisions.policy)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.decisions.policy import sees
from core.decisions.policy_table import Action
from core.statuses import PrincipalKind, Role, TokenScope


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack user or another principal, with their role in each team by team name.

    `source`: the interface they came through. `token_id`: of the bearer token they used, and `scopes` its scopes; None
    without a token. `owner`: the Slack id of the person responsible for a service, if any, or for an agent. `depth`:
    the number of our own runs in a chain that led to this request; 0 if none. `behind`: the ids of the initiators of
    the last of these runs, and of the people for whom an agent acts.
    """

    slack_user_id: str
    roles: Mapping[str, Role] = field(default_factory=dict)
    is_platform_admin: bool = False
    source: str = "slack"
    token_id: str | None = None
    owner: str | None = None
    kind: PrincipalKind = PrincipalKind.PERSON
    scopes: frozenset[TokenScope] | None = None
    depth: int = 0
    behind: tuple[str, ...] = ()

    def is_responder_of(self, team: str) -> bool:
        """Return whether they are a responder of the team, regardless of what that allows."""
        return self.is_platform_admin or team in self.roles

    def is_admin_of(self, team: str) -> bool:
        """Return whether they are an admin of the team, regardless of what that allows."""
        return self.is_platform_admin or self.roles.get(team) is Role.ADMIN

    def may_see(self, team: str | None, action: Action = Action.DEFINITION_READ) -> bool:
        """Return whether they may find things of the team (None: global ones). `action`: the kind of read access."""
        return sees(self, action, team)


# Principals that act for others or by themselves; other people initiated what they do.
NOBODY = ("workflow:", "system")


def principals_of(person: Person) -> tuple[str, ...]:
    """Return the ids of those responsible for what this person does: their own, that of the owner of their token, and
    those of the initiators of a run that makes the request.
    """
    found = (person.slack_user_id, person.owner, *person.behind)
    return tuple(dict.fromkeys(each for each in found if each and not each.startswith(NOBODY)))


def service_principal(
    name: str,
    scopes: Iterable[TokenScope],
    *teams: str,
    owner: str | None = None,
    token_id: str | None = None,
    source: str = "rest",
) -> Person:
    """Return a service that acts for these teams. It is not a person, so it never decides gates."""
    return Person(
        f"service:{name}",
        dict.fromkeys(teams, Role.RESPONDER),
        source=source,
        token_id=token_id,
        owner=owner,
        kind=PrincipalKind.SERVICE,
        scopes=frozenset(scopes),
    )


AGENT = "agent:"


def agent_principal(
    name: str,
    team: str,
    owner: str,
    scopes: Iterable[TokenScope],
    *,
    token_id: str | None = None,
    source: str = "mcp",
) -> Person:
    """Return an agent of this team. It is not a person, and what it requests has a gate before anything is done."""
    return Person(
        f"{AGENT}{name}",
        {team: Role.RESPONDER},
        source=source,
        token_id=token_id,
        owner=owner,
        kind=PrincipalKind.AGENT,
        scopes=frozenset(scopes),
    )
