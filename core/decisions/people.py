"""Who a person is to us. What that lets them do is for the policy to say (core.decisions.policy)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.decisions.policy import sees
from core.decisions.policy_table import Action
from core.statuses import PrincipalKind, Role, TokenScope


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, with their role in each team, by team name: a Slack user, or another principal.

    `source`: the door they came through; `token_id`: of the bearer token that spoke for them, if one did, and `scopes`
    what it is good for; None without one. `owner`: the Slack id of
    who answers for a service, if somebody does.
    `depth`: how many of our own runs, one after the other, led to what they ask; 0 where no run did.
    `behind`: the ids of those who brought the last of these runs about.
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
        """Of what they are, not of what they may do."""
        return self.is_platform_admin or team in self.roles

    def is_admin_of(self, team: str) -> bool:
        """As `is_responder_of`."""
        return self.is_platform_admin or self.roles.get(team) is Role.ADMIN

    def may_see(self, team: str | None, action: Action = Action.DEFINITION_READ) -> bool:
        """Whether they may find what is of the team (None: what is global). `action`: the reading that it is."""
        return sees(self, action, team)


# Who acts for others, or of itself: what they do is brought about by somebody else.
NOBODY = ("workflow:", "system")


def principals_of(person: Person) -> tuple[str, ...]:
    """The ids of those who stand behind what this person does: their own, that of who owns their token, and of
    those on whose account one of our own runs asks by it."""
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
    """A service that acts for these teams and is nobody: it never decides what people decide, whatever its scopes."""
    return Person(
        f"service:{name}",
        dict.fromkeys(teams, Role.RESPONDER),
        source=source,
        token_id=token_id,
        owner=owner,
        kind=PrincipalKind.SERVICE,
        scopes=frozenset(scopes),
    )
