"""Who a bearer token speaks for, and what for: with the roles of this moment, within its scopes and its team."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import or_, select, update

from core.decisions.people import Person, service_principal
from core.decisions.policy import UNOWNED_SCOPES
from core.service import Work
from core.services.people import load_person
from core.services.token_rows import digest_of, is_good
from core.services.tokens import answers_for
from core.statuses import PrincipalKind, Role, TokenScope
from core.tables import ApiToken, Team

USE_IS_NOTED_EVERY = timedelta(minutes=1)
SERVICE = "service:"


def authenticate(work: Work, token: str, *, source: str) -> tuple[Person, ApiToken] | None:
    """Who the token speaks for, and the token's row; None for a token that is unknown, revoked or expired."""
    query = select(ApiToken).where(ApiToken.digest == digest_of(token), *is_good(work.now))
    row = work.session.scalar(query)
    if row is None:
        return None
    _note_use(work, row)
    speaker = _service if row.kind == PrincipalKind.SERVICE else _person
    return speaker(work, row, source), row


def _person(work: Work, row: ApiToken, source: str) -> Person:
    person = load_person(work, row.slack_user_id, source=source)
    if row.team is not None:
        person = within(person, row.team)
    return replace(person, token_id=row.id, scopes=_scopes(row))


def within(person: Person, team: str) -> Person:
    """The person as far as one team goes: what they are in it, a platform admin its admin, and nothing else."""
    role = Role.ADMIN if person.is_admin_of(team) else person.roles.get(team)
    return replace(person, roles={team: role} if role is not None else {}, is_platform_admin=False)


def _service(work: Work, row: ApiToken, source: str) -> Person:
    """For its team, or for all of them. What it runs it runs only while its owner answers for that team."""
    teams = [row.team] if row.team is not None else list(work.session.scalars(select(Team.name)))
    scopes = _scopes(row)
    if row.owner is not None and not answers_for(load_person(work, row.owner, source=source), row.team):
        scopes &= UNOWNED_SCOPES
    name = row.slack_user_id.removeprefix(SERVICE)
    return service_principal(name, scopes, *teams, owner=row.owner, token_id=row.id, source=source)


def _scopes(row: ApiToken) -> frozenset[TokenScope]:
    """A word that this version does not know grants nothing."""
    return frozenset(scope for scope in TokenScope if scope in row.scopes)


def _note_use(work: Work, row: ApiToken) -> None:
    """At most once a minute, and by one of those who use it at that moment: nobody waits for another."""
    stale = work.now - USE_IS_NOTED_EVERY
    if row.last_used_at is not None and row.last_used_at > stale:
        return
    is_stale = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= stale)
    free = select(ApiToken.id).where(ApiToken.id == row.id, is_stale).with_for_update(skip_locked=True)
    noted = update(ApiToken).where(ApiToken.id.in_(free)).values(last_used_at=work.now)
    work.session.execute(noted.execution_options(synchronize_session=False))
