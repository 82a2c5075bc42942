"""Bearer tokens: who carries one speaks for a person, or for a service, as far as its scopes go."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from core.decisions.people import Person
from core.decisions.policy import SERVICE_SCOPES, UNOWNED_SCOPES, require
from core.decisions.policy_table import Action
from core.errors import Conflict, InvalidInput, NotFound
from core.identifiers import Prefix, new_id
from core.service import Work
from core.services import audit
from core.services.people import find_team, load_person
from core.services.token_rows import digest_of, is_good, revoke, told
from core.statuses import PrincipalKind, TokenScope
from core.tables import ApiToken

PREFIX = "rbt_"
DEFAULT_SCOPES = frozenset({TokenScope.READ, TokenScope.RUN})
ALL_SCOPES = frozenset(TokenScope)
LIFETIME = timedelta(days=90)


@dataclass(frozen=True)
class Grant:
    """What a token is good for: `scopes`, only for what is of `team` where one is given, and for how long."""

    scopes: frozenset[TokenScope] = DEFAULT_SCOPES
    team: str | None = None
    lifetime: timedelta | None = LIFETIME


DEFAULT = Grant()


def create_token(
    work: Work,
    operator: Person,
    slack_user_id: str,
    name: str,
    grant: Grant = DEFAULT,
    *,
    scopes: Iterable[TokenScope] | None = None,
) -> str:
    """A new token for a person. It is shown this once; only its digest is kept.

    `scopes`: in place of the grant's. Raises NotAllowed, and NotFound for an unknown team.
    """
    chosen = grant.scopes if scopes is None else frozenset(scopes)
    row = _row(work, operator, name, Grant(chosen, grant.team, grant.lifetime))
    row.kind, row.slack_user_id = PrincipalKind.PERSON, slack_user_id
    return _issue(work, operator, row)


def create_service_token(
    work: Work, operator: Person, service: str, grant: Grant, *, name: str = "", owner: str | None = None
) -> str:
    """A new token for a service, which is nobody. `owner`: the Slack id of who answers for what it starts.

    Raises NotAllowed; NotFound for an unknown team; InvalidInput for scopes that are for people, without an owner where
    the scopes need one, and for an owner who is no responder of the team.
    """
    _check_service(work, grant, owner)
    row = _row(work, operator, name or service, grant)
    row.kind, row.slack_user_id, row.owner = PrincipalKind.SERVICE, f"service:{service}", owner
    return _issue(work, operator, row)


def _check_service(work: Work, grant: Grant, owner: str | None) -> None:
    for_people = sorted(grant.scopes - SERVICE_SCOPES)
    if for_people:
        raise InvalidInput(
            f"A service has no scope {', '.join(for_people)}: what needs it is for people.",
            hint=f"It may have {', '.join(_sorted(SERVICE_SCOPES))}.",
            field="scope",
        )
    if not grant.scopes <= UNOWNED_SCOPES and owner is None:
        raise InvalidInput(
            "A service that runs anything needs an owner, who counts as one of those who brought its runs about.",
            hint="Add --owner with their Slack id.",
            field="owner",
        )
    if owner is not None and not answers_for(load_person(work, owner, source="cli"), grant.team):
        whose = f"team {grant.team}" if grant.team else "any team"
        raise InvalidInput(f"{owner} is no responder of {whose}, and cannot answer for it.", field="owner")


def answers_for(owner: Person, team: str | None) -> bool:
    """Whether the person may still be the owner of a service of that team (None: of all)."""
    return owner.is_responder_of(team) if team is not None else owner.is_platform_admin or bool(owner.roles)


def _row(work: Work, operator: Person, name: str, grant: Grant) -> ApiToken:
    require(operator, Action.TOKEN_CREATE, grant.team, "Only a platform admin or an operator creates tokens.")
    if not grant.scopes:
        raise InvalidInput("A token needs a scope.", hint=f"One of {', '.join(TokenScope)}.", field="scope")
    if grant.team is not None:
        find_team(work, grant.team)
    return ApiToken(
        id=new_id(Prefix.TOKEN),
        name=name,
        scopes=_sorted(grant.scopes),
        team=grant.team,
        created_by=operator.slack_user_id,
        created_at=work.now,
        expires_at=work.now + grant.lifetime if grant.lifetime is not None else None,
    )


def _issue(work: Work, operator: Person, row: ApiToken) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    row.digest = digest_of(token)
    work.session.add(row)
    audit.record(work, operator, "token.created", row.id, {"before": None, "after": told(row)})
    return token


def _sorted(scopes: Iterable[TokenScope]) -> list[str]:
    """In the order of the enumeration, as they are kept and shown."""
    wanted = frozenset(scopes)
    return [scope.value for scope in TokenScope if scope in wanted]


def list_tokens(work: Work, person: Person) -> list[ApiToken]:
    """Newest first, those that are revoked too. The tokens themselves are nowhere. Raises NotAllowed."""
    require(person, Action.TOKEN_READ, None, "Only a platform admin or an operator lists tokens.")
    return list(work.session.scalars(select(ApiToken).order_by(ApiToken.created_at.desc(), ApiToken.id)))


def narrowed_tokens(work: Work) -> list[ApiToken]:
    """Those from before tokens had scopes, which may now read and run, as far as they are good still."""
    query = select(ApiToken).where(ApiToken.created_by.is_(None), *is_good(work.now))
    return list(work.session.scalars(query.order_by(ApiToken.created_at, ApiToken.id)))


def expiring_tokens(work: Work, within: timedelta) -> list[ApiToken]:
    """Those that are good now, and will not be so long any more."""
    query = select(ApiToken).where(ApiToken.expires_at <= work.now + within, *is_good(work.now))
    return list(work.session.scalars(query.order_by(ApiToken.expires_at, ApiToken.id)))


def revoke_token(work: Work, operator: Person, token_id: str) -> ApiToken:
    """From now on it speaks for nobody. Raises NotAllowed, NotFound, and Conflict for one that is revoked."""
    require(operator, Action.TOKEN_REVOKE, None, "Only a platform admin or an operator revokes tokens.")
    row = work.session.get(ApiToken, token_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no token {token_id}.", hint="`runbook token list` shows their ids.")
    if row.revoked_at is not None:
        raise Conflict(f"{token_id} was revoked on {row.revoked_at:%Y-%m-%d at %H:%M} UTC.")
    revoke(work, operator, row)
    return row
