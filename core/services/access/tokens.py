"""API tokens: issues and revokes them, and authenticates requests that carry one.

A bearer token stands for a person, with their current roles, for a service or for an agent, always within the token's
scopes and team.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update

from core.decisions.initiators import Initiators, initiators_from_json
from core.decisions.people import AGENT, Person, agent_principal, service_principal
from core.decisions.policy import AGENT_SCOPES, SERVICE_SCOPES, UNOWNED_SCOPES, require
from core.decisions.policy_table import Action
from core.errors import AlreadyDone, InvalidInput, NotFound
from core.identifiers import Prefix, new_id
from core.services.access.people import find_team, load_owner, load_person
from core.services.shared import audit
from core.statuses import PrincipalKind, Role, TokenScope
from core.tables import ApiToken, IncidentEvent, RunbookExecution, Team, WorkflowExecution
from core.unit_of_work import UnitOfWork


def digest_of(token: str) -> bytes:
    """Return the SHA-256 of a token, which is all that is stored of it."""
    return hashlib.sha256(token.encode()).digest()


def is_good(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a token is neither revoked nor expired."""
    return ApiToken.revoked_at.is_(None), or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)


def token_details(row: ApiToken) -> dict[str, object]:
    """Return a token's details for the audit trail."""
    expires = row.expires_at.isoformat(timespec="seconds") if row.expires_at else None
    owned = {"owner": row.owner} if row.owner else {}
    shown = {"for": row.slack_user_id, "name": row.name, "scopes": row.scopes, "team": row.team}
    return {**shown, "expires_at": expires, **owned}


def revoke(work: UnitOfWork, person: Person, row: ApiToken, why: str = "") -> None:
    """Revoke a token. `why`: the reason if nobody requested it."""
    row.revoked_at = work.now
    seen, reason = token_details(row), {"why": why} if why else {}
    details = {"before": {**seen, "revoked": False}, "after": {**seen, "revoked": True}, **reason}
    audit.record(work, person, "token.revoked", row.id, details)


def revoke_of_departed(work: UnitOfWork, person: Person, departed: Set[str]) -> None:
    """Revoke the tokens of people who are in no team any more, and of services that run things on their behalf.

    A service that only reads or sends alerts needs no owner, so it keeps its token.
    """
    if not departed:
        return
    theirs = or_(ApiToken.slack_user_id.in_(departed), ApiToken.owner.in_(departed))
    for row in work.session.scalars(select(ApiToken).where(theirs, *is_good(work.now)).with_for_update()):
        if row.slack_user_id in departed:
            revoke(work, person, row, f"{row.slack_user_id} is no longer in any team.")
        elif not UNOWNED_SCOPES.issuperset(row.scopes):
            revoke(work, person, row, f"Its owner {row.owner} is no longer in any team.")


def initiators_behind(work: UnitOfWork, execution_id: str) -> Initiators:
    """Return the initiators of a runbook or workflow execution whose call reaches us; none if it no longer exists."""
    if execution_id.startswith(f"{Prefix.RUNBOOK_EXECUTION}_"):
        run = work.session.get(RunbookExecution, execution_id)
        return initiators_from_json(run.initiators) if run is not None else ()
    workflow = work.session.get(WorkflowExecution, execution_id)
    if workflow is None:
        return ()
    return initiators_from_json(work.session.get_one(IncidentEvent, workflow.event_id).initiators)


PREFIX = "rbt_"
DEFAULT_SCOPES = frozenset({TokenScope.READ, TokenScope.RUN})
ALL_SCOPES = frozenset(TokenScope)
LIFETIME = timedelta(days=90)


@dataclass(frozen=True)
class Grant:
    """What a token allows: `scopes`, restricted to `team` if it is given, for `lifetime` (None: for ever)."""

    scopes: frozenset[TokenScope] = DEFAULT_SCOPES
    team: str | None = None
    lifetime: timedelta | None = LIFETIME


DEFAULT = Grant()


def create_token(
    work: UnitOfWork,
    operator: Person,
    slack_user_id: str,
    name: str,
    grant: Grant = DEFAULT,
    *,
    scopes: Iterable[TokenScope] | None = None,
) -> str:
    """Create a token for a person, and return it. It is shown only once, since only its digest is stored.

    `scopes`: replaces the grant's scopes. Raises NotAllowed, and NotFound for an unknown team.
    """
    chosen = grant.scopes if scopes is None else frozenset(scopes)
    row = _row(work, operator, name, Grant(chosen, grant.team, grant.lifetime))
    row.kind, row.slack_user_id = PrincipalKind.PERSON, slack_user_id
    return _issue(work, operator, row)


def create_service_token(
    work: UnitOfWork,
    operator: Person,
    service: str,
    grant: Grant,
    *,
    name: str = "",
    owner: str | None = None,
) -> str:
    """Create a token for a service, which is not a person, and return it.

    `owner`: the Slack id of the person who answers for what it starts. Raises NotAllowed; NotFound for an unknown team;
    InvalidInput for scopes that only people may have, for a missing owner if the scopes need one, and for an owner who
    is not a responder of the team.
    """
    _check_service(work, grant, owner)
    row = _row(work, operator, name or service, grant)
    row.kind, row.slack_user_id, row.owner = PrincipalKind.SERVICE, f"service:{service}", owner
    return _issue(work, operator, row)


def _check_service(work: UnitOfWork, grant: Grant, owner: str | None) -> None:
    for_people = sorted(grant.scopes - SERVICE_SCOPES)
    if for_people:
        raise InvalidInput(
            f"A service cannot have the scope {', '.join(for_people)}, which is for people only.",
            hint=f"It may have {', '.join(_sorted(SERVICE_SCOPES))}.",
            field="scope",
        )
    if not grant.scopes <= UNOWNED_SCOPES and owner is None:
        raise InvalidInput(
            "A service that starts runs needs an owner, who counts as an initiator of its runs.",
            hint="Add --owner with their Slack id.",
            field="owner",
        )
    if owner is not None and not answers_for(load_owner(work, owner, source="cli"), grant.team):
        whose = f"team {grant.team}" if grant.team else "any team"
        raise InvalidInput(
            f"{owner} is not a responder of {whose}, so they cannot own its service.", field="owner"
        )


AGENT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def create_agent_token(
    work: UnitOfWork, operator: Person, agent: str, grant: Grant, *, owner: str, name: str = ""
) -> str:
    """Create a token for an agent of the grant's team, and return it. It has the scope `propose` alone, and expires.

    `owner`: the Slack id of the person responsible for it. Raises what `create_service_token` raises, and InvalidInput
    for a name that could be taken for something else, and for a token that would never expire.
    """
    _check_agent(work, agent, grant, owner)
    row = _row(work, operator, name or agent, Grant(AGENT_SCOPES, grant.team, grant.lifetime))
    row.kind, row.slack_user_id, row.owner = PrincipalKind.AGENT, f"{AGENT}{agent}", owner
    return _issue(work, operator, row)


def _check_agent(work: UnitOfWork, agent: str, grant: Grant, owner: str) -> None:
    if AGENT_NAME.fullmatch(agent) is None:
        hint = (
            "Use lower-case letters, digits, dots, hyphens and underscores, at most 64, such as triage-bot."
        )
        raise InvalidInput(f"{agent!r} is not a name for an agent.", hint=hint, field="agent")
    if grant.team is None:
        raise InvalidInput("An agent belongs to a team.", hint="Add --team with its name.", field="team")
    if grant.lifetime is None or grant.lifetime > LIFETIME:
        hint = f"Give --expires, at most {LIFETIME.days}d."
        raise InvalidInput("An agent's token expires.", hint=hint, field="expires")
    find_team(work, grant.team)
    if not answers_for(load_owner(work, owner, source="cli"), grant.team):
        sentence = (
            f"{owner} is not a responder of team {grant.team}, so they cannot be responsible for its agent."
        )
        raise InvalidInput(sentence, hint="Give --owner with the Slack id of one.", field="owner")


def answers_for(owner: Person, team: str | None) -> bool:
    """True if the person may be the owner of a service of this team (None: of all teams)."""
    return owner.is_responder_of(team) if team is not None else owner.is_platform_admin or bool(owner.roles)


def _row(work: UnitOfWork, operator: Person, name: str, grant: Grant) -> ApiToken:
    require(
        operator, Action.TOKEN_CREATE, grant.team, "Only a platform admin or an operator may create tokens."
    )
    if not grant.scopes:
        hint = f"Give at least one of {', '.join(TokenScope)}."
        raise InvalidInput("A token needs a scope.", hint=hint, field="scope")
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


def _issue(work: UnitOfWork, operator: Person, row: ApiToken) -> str:
    token = PREFIX + secrets.token_urlsafe(32)
    row.digest = digest_of(token)
    work.session.add(row)
    audit.record(work, operator, "token.created", row.id, {"before": None, "after": token_details(row)})
    return token


def _sorted(scopes: Iterable[TokenScope]) -> list[str]:
    """Return the scopes in the order of the enumeration, as they are stored and shown."""
    wanted = frozenset(scopes)
    return [scope.value for scope in TokenScope if scope in wanted]


def list_tokens(work: UnitOfWork, person: Person) -> list[ApiToken]:
    """Return all tokens' rows, newest first, revoked ones included. Raises NotAllowed."""
    require(person, Action.TOKEN_READ, None, "Only a platform admin or an operator may list tokens.")
    return list(work.session.scalars(select(ApiToken).order_by(ApiToken.created_at.desc(), ApiToken.id)))


def narrowed_tokens(work: UnitOfWork) -> list[ApiToken]:
    """Return the valid tokens from before tokens had scopes. They may now read and run."""
    query = select(ApiToken).where(ApiToken.created_by.is_(None), *is_good(work.now))
    return list(work.session.scalars(query.order_by(ApiToken.created_at, ApiToken.id)))


def expiring_tokens(work: UnitOfWork, within: timedelta) -> list[ApiToken]:
    """Return the valid tokens that expire within this time, soonest first."""
    query = select(ApiToken).where(ApiToken.expires_at <= work.now + within, *is_good(work.now))
    return list(work.session.scalars(query.order_by(ApiToken.expires_at, ApiToken.id)))


def revoke_token(work: UnitOfWork, operator: Person, token_id: str) -> ApiToken:
    """Revoke a token. Raises NotAllowed, NotFound, and Conflict if it is already revoked."""
    require(operator, Action.TOKEN_REVOKE, None, "Only a platform admin or an operator may revoke tokens.")
    row = work.session.get(ApiToken, token_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no token {token_id}.", hint="`runbook token list` shows the ids.")
    if row.revoked_at is not None:
        raise AlreadyDone(f"{token_id} was already revoked on {row.revoked_at:%Y-%m-%d at %H:%M} UTC.")
    revoke(work, operator, row)
    return row


USE_IS_NOTED_EVERY = timedelta(minutes=1)
SERVICE = "service:"


def authenticate(work: UnitOfWork, token: str, *, source: str) -> tuple[Person, ApiToken] | None:
    """Return the principal of the token, and its row; None if it is unknown, revoked or expired."""
    query = select(ApiToken).where(ApiToken.digest == digest_of(token), *is_good(work.now))
    row = work.session.scalar(query)
    if row is None:
        return None
    _note_use(work, row)
    return _SPEAKERS[PrincipalKind(row.kind)](work, row, source), row


def _person(work: UnitOfWork, row: ApiToken, source: str) -> Person:
    person = load_person(work, row.slack_user_id, source=source)
    if row.team is not None:
        person = within(person, row.team)
    return replace(person, token_id=row.id, scopes=_scopes(row))


def within(person: Person, team: str) -> Person:
    """Return the person restricted to one team, with their role in it. A platform admin becomes the team's admin."""
    role = Role.ADMIN if person.is_admin_of(team) else person.roles.get(team)
    return replace(person, roles={team: role} if role is not None else {}, is_platform_admin=False)


def _service(work: UnitOfWork, row: ApiToken, source: str) -> Person:
    """Return the service's principal. It may start runs only while its owner is a responder of the team."""
    teams = [row.team] if row.team is not None else list(work.session.scalars(select(Team.name)))
    scopes = _scopes(row)
    if row.owner is not None and not answers_for(load_owner(work, row.owner, source=source), row.team):
        scopes &= UNOWNED_SCOPES
    name = row.slack_user_id.removeprefix(SERVICE)
    return service_principal(name, scopes, *teams, owner=row.owner, token_id=row.id, source=source)


def _agent(work: UnitOfWork, row: ApiToken, source: str) -> Person:
    """Return the agent. It may do nothing unless the person responsible for it is a responder of its team."""
    assert row.team is not None, "no agent's token is issued without it"
    assert row.owner is not None, "nor without a responsible person"
    is_answered_for = answers_for(load_owner(work, row.owner, source=source), row.team)
    scopes = _scopes(row) & AGENT_SCOPES if is_answered_for else frozenset()
    name = row.slack_user_id.removeprefix(AGENT)
    return agent_principal(name, row.team, row.owner, scopes, token_id=row.id, source=source)


_SPEAKERS: Mapping[PrincipalKind, Callable[[UnitOfWork, ApiToken, str], Person]] = {
    PrincipalKind.PERSON: _person,
    PrincipalKind.SERVICE: _service,
    PrincipalKind.AGENT: _agent,
}


def _scopes(row: ApiToken) -> frozenset[TokenScope]:
    """Return the token's scopes. A scope that this release does not know grants nothing."""
    return frozenset(scope for scope in TokenScope if scope in row.scopes)


def _note_use(work: UnitOfWork, row: ApiToken) -> None:
    """Record the use at most once a minute. Concurrent requests skip the locked row instead of waiting."""
    stale = work.now - USE_IS_NOTED_EVERY
    if row.last_used_at is not None and row.last_used_at > stale:
        return
    is_stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= stale)
    free = select(ApiToken.id).where(ApiToken.id == row.id, is_stale).with_for_update(skip_locked=True)
    noted = update(ApiToken).where(ApiToken.id.in_(free)).values(last_used_at=work.now)
    work.session.execute(noted.execution_options(synchronize_session=False))
