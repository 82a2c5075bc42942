"""People and teams: loads a person with their roles, writes teams, and revokes the tokens of people who left."""

import hashlib
from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from core.decisions.people import Person
from core.decisions.policy import UNOWNED_SCOPES, require
from core.decisions.policy_table import Action
from core.definitions.team import TeamDefinition
from core.errors import NotFound
from core.identifiers import Prefix, new_id
from core.services.shared import audit, notices
from core.statuses import Role
from core.tables import ApiToken, Team, TeamChannel, TeamMember
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


def load_person(work: UnitOfWork, slack_user_id: str, *, source: str) -> Person:
    """Return the person with this Slack user id, with their current roles."""
    memberships = (
        select(Team.name, TeamMember.role).join(Team).where(TeamMember.slack_user_id == slack_user_id)
    )
    roles = {name: Role(role) for name, role in work.session.execute(memberships)}
    return Person(slack_user_id, roles, slack_user_id in work.admins, source)


def find_team(work: UnitOfWork, name: str) -> Team:
    """Return the team. Raises NotFound."""
    team = work.session.scalar(select(Team).where(Team.name == name))
    if team is None:
        raise NotFound(f"There is no team {name}.")
    return team


def members_of(work: UnitOfWork, team_id: str) -> list[str]:
    """Return the Slack ids of a team's members, sorted."""
    query = select(TeamMember.slack_user_id).where(TeamMember.team_id == team_id)
    return list(work.session.scalars(query.order_by(TeamMember.slack_user_id)))


def members_with_roles(work: UnitOfWork, teams: Set[str]) -> dict[str, list[tuple[str, Role]]]:
    """Return the members of these teams as Slack ids and roles, by team name."""
    members: dict[str, list[tuple[str, Role]]] = {team: [] for team in teams}
    if teams:
        query = select(Team.name, TeamMember.slack_user_id, TeamMember.role).join(Team)
        for team, slack_user_id, role in work.session.execute(query.where(Team.name.in_(teams))):
            members[team].append((slack_user_id, Role(role)))
    return members


def apply_teams(work: UnitOfWork, person: Person, definitions: Iterable[TeamDefinition]) -> list[Team]:
    """Create or update the teams, with the complete list of their members and, if given, of their channels.

    People who are in no team afterwards lose their tokens; moving from one team to another does not cost them any.
    Raises NotAllowed.
    """
    applied = [_apply(work, person, definition) for definition in definitions]
    removed = frozenset().union(*(gone for _, gone in applied))
    revoke_of_departed(work, person, _departed(work, removed))
    return [team for team, _ in applied]


def apply_team(work: UnitOfWork, person: Person, definition: TeamDefinition) -> Team:
    """Call `apply_teams` for one team."""
    return apply_teams(work, person, [definition])[0]


def _apply(work: UnitOfWork, person: Person, definition: TeamDefinition) -> tuple[Team, frozenset[str]]:
    """Create or update the team. Return it, and the Slack ids of those who were removed."""
    sentence = "Only a platform admin or an operator may write teams."
    require(person, Action.TEAM_WRITE, definition.name, sentence)
    team = work.session.scalar(select(Team).where(Team.name == definition.name).with_for_update())
    if team is None:
        team = Team(id=new_id(Prefix.TEAM), name=definition.name, created_at=work.now)
        work.session.add(team)
    before = {member.slack_user_id: member.role for member in team.members}
    after = {member.slack: member.role for member in definition.members}
    if before != after or not before:
        _set_members(team, after)
        audit.record(work, person, "team.changed", team.id, {"before": before, "after": after})
        notices.mark_gates_dirty(work, team.name)
    if definition.channels is not None:
        _set_channels(work, person, team, definition.channels)
    work.session.flush()
    return team, frozenset(before.keys() - after.keys())


def _set_channels(work: UnitOfWork, person: Person, team: Team, wanted: Set[str]) -> None:
    before = {row.channel: row for row in team.channels}
    if before.keys() == wanted:
        return
    team.channels = [before.get(channel, TeamChannel(channel=channel)) for channel in sorted(wanted)]
    change = {"before": {"channels": sorted(before)}, "after": {"channels": sorted(wanted)}}
    audit.record(work, person, "team.changed", team.id, change)


def _departed(work: UnitOfWork, removed: Set[str]) -> Set[str]:
    """Return those of them who are in no team any more and are not platform admins."""
    if not removed:
        return removed
    still = work.session.scalars(
        select(TeamMember.slack_user_id).where(TeamMember.slack_user_id.in_(removed))
    )
    return removed - set(still) - work.admins


def _set_members(team: Team, wanted: Mapping[str, str]) -> None:
    kept = {member.slack_user_id: member for member in team.members}
    team.members = [
        kept.get(slack_user_id, TeamMember(slack_user_id=slack_user_id)) for slack_user_id in sorted(wanted)
    ]
    for member in team.members:
        member.role = wanted[member.slack_user_id]
