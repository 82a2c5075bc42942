"""People and teams: loads a person with their roles, writes teams, and revokes the tokens of people who left."""

import hashlib
from collections.abc import Iterable, Mapping, Set
from datetime import datetime

from sqlalchemy import ColumnElement, exists, null, or_, select

from core.decisions.directory import HINTS, REFUSALS, Membership, is_barred, memberships
from core.decisions.people import Person
from core.decisions.policy import UNOWNED_SCOPES, require
from core.decisions.policy_table import Action
from core.definitions.team import TeamDefinition
from core.errors import NotAllowed, NotFound
from core.identifiers import Prefix, new_id
from core.services.shared import audit, notices
from core.statuses import Role, Standing
from core.tables import ApiToken, SlackPerson, Team, TeamChannel, TeamMember
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
    """Return the person with this Slack user id, with their current roles, since they want to do something.

    Raises NotAllowed if Slack says that they are a guest, a member of another workspace, or deactivated.
    """
    person, standing = _look_up(work, slack_user_id, source)
    if is_barred(standing):
        raise NotAllowed(REFUSALS[standing], hint=HINTS.get(standing))
    return person


def load_owner(work: UnitOfWork, slack_user_id: str, *, source: str) -> Person:
    """Return the person responsible for a service; without any role if they may do nothing themselves."""
    person, standing = _look_up(work, slack_user_id, source)
    return Person(slack_user_id, source=source) if is_barred(standing) else person


def _look_up(work: UnitOfWork, slack_user_id: str, source: str) -> tuple[Person, Standing]:
    theirs = (
        select(Team.name, TeamMember.role).join(TeamMember).where(TeamMember.slack_user_id == slack_user_id)
    )
    standing = select(null(), SlackPerson.standing).where(SlackPerson.slack_user_id == slack_user_id)
    found = work.session.execute(theirs.union_all(standing)).all()
    roles = {team: Role(role) for team, role in found if team is not None}
    said = next((said for team, said in found if team is None), Standing.MEMBER)
    return Person(slack_user_id, roles, slack_user_id in work.admins, source), Standing(said)


def find_team(work: UnitOfWork, name: str) -> Team:
    """Return the team. Raises NotFound."""
    team = work.session.scalar(select(Team).where(Team.name == name))
    if team is None:
        raise NotFound(f"There is no team {name}.")
    return team


def team_names(work: UnitOfWork) -> list[str]:
    """Return the names of all teams, sorted."""
    return list(work.session.scalars(select(Team.name).order_by(Team.name)))


def private_teams(work: UnitOfWork, names: Iterable[str]) -> frozenset[str]:
    """Return those of these teams whose incidents get private channels."""
    query = select(Team.name).where(Team.name.in_(list(names)), Team.private_channels)
    return frozenset(work.session.scalars(query))


def members_of(work: UnitOfWork, team_id: str) -> list[str]:
    """Return the Slack ids of a team's members who may do something, sorted."""
    query = select(TeamMember.slack_user_id).where(TeamMember.team_id == team_id, ~_is_barred())
    return list(work.session.scalars(query.order_by(TeamMember.slack_user_id)))


def members_with_roles(work: UnitOfWork, teams: Set[str]) -> dict[str, list[tuple[str, Role]]]:
    """Return the members of these teams who may do something, as Slack ids and roles, by team name."""
    members: dict[str, list[tuple[str, Role]]] = {team: [] for team in teams}
    if teams:
        query = select(Team.name, TeamMember.slack_user_id, TeamMember.role).join(Team).where(~_is_barred())
        for team, slack_user_id, role in work.session.execute(query.where(Team.name.in_(teams))):
            members[team].append((slack_user_id, Role(role)))
    return members


def _is_barred() -> ColumnElement[bool]:
    """Return the condition that Slack says of a TeamMember what bars them."""
    theirs = SlackPerson.slack_user_id == TeamMember.slack_user_id
    return exists().where(theirs, SlackPerson.standing.in_(REFUSALS)).correlate(TeamMember)


def apply_teams(work: UnitOfWork, person: Person, definitions: Iterable[TeamDefinition]) -> list[Team]:
    """Create or update the teams, with the complete list of their members and, if given, of their channels.

    People who are in no team afterwards lose their tokens; moving from one team to another does not cost them any.
    Raises NotAllowed.
    """
    applied = [_apply(work, person, definition) for definition in definitions]
    removed = frozenset().union(*(gone for _, gone in applied))
    revoke_of_departed(work, person, without_team(work, removed))
    return [team for team, _ in applied]


def apply_team(work: UnitOfWork, person: Person, definition: TeamDefinition) -> Team:
    """Call `apply_teams` for one team."""
    return apply_teams(work, person, [definition])[0]


def _apply(work: UnitOfWork, person: Person, definition: TeamDefinition) -> tuple[Team, frozenset[str]]:
    """Create or update the team. Return it, and the Slack ids of those who were removed."""
    sentence = "Only a platform admin or an operator may write teams."
    require(person, Action.TEAM_WRITE, definition.name, sentence)
    found = work.session.scalar(select(Team).where(Team.name == definition.name).with_for_update())
    team = found
    if team is None:
        team = Team(id=new_id(Prefix.TEAM), name=definition.name, created_at=work.now)
        work.session.add(team)
    if definition.usergroup != team.usergroup:
        _set_usergroup(work, person, team, definition.usergroup)
    listed = {member.slack: Role(member.role) for member in definition.members}
    before = roles_in(team)
    set_members(work, person, team, memberships(listed, from_usergroup(team)), is_new=found is None)
    if definition.private_channels is not None:
        _set_privacy(work, person, team, definition.private_channels)
    if definition.channels is not None:
        _set_channels(work, person, team, definition.channels)
    if definition.outcome is not None:
        _set_outcome(work, person, team, definition.outcome)
    work.session.flush()
    return team, frozenset(before.keys() - roles_in(team).keys())


def _set_usergroup(work: UnitOfWork, person: Person, team: Team, wanted: str | None) -> None:
    """Change the user group. Its members leave with it; those of the new one come when Slack has been asked."""
    change = {"before": {"usergroup": team.usergroup}, "after": {"usergroup": wanted}}
    team.usergroup, team.usergroup_checked_at = wanted, None
    audit.record(work, person, "team.changed", team.id, change)
    set_members(work, person, team, memberships(listed_in(team), frozenset()))


def _set_privacy(work: UnitOfWork, person: Person, team: Team, wanted: bool) -> None:
    """Record whether the team's new incidents get private channels; those that exist stay as they are."""
    before = bool(team.private_channels)
    team.private_channels = wanted
    if before is not wanted:
        change = {"before": {"private_channels": before}, "after": {"private_channels": wanted}}
        audit.record(work, person, "team.changed", team.id, change)


def _set_channels(work: UnitOfWork, person: Person, team: Team, wanted: Set[str]) -> None:
    before = {row.channel: row for row in team.channels}
    if before.keys() == wanted:
        return
    team.channels = [before.get(channel, TeamChannel(channel=channel)) for channel in sorted(wanted)]
    change = {"before": {"channels": sorted(before)}, "after": {"channels": sorted(wanted)}}
    audit.record(work, person, "team.changed", team.id, change)


def _set_outcome(work: UnitOfWork, person: Person, team: Team, wanted: str) -> None:
    before = team.outcome or "broadcast"  # a new team has its default once it is written
    if before != wanted:
        team.outcome = wanted
        change = {"before": {"outcome": before}, "after": {"outcome": wanted}}
        audit.record(work, person, "team.changed", team.id, change)


def without_team(work: UnitOfWork, removed: Set[str]) -> Set[str]:
    """Return those of them who are in no team any more and are not platform admins."""
    if not removed:
        return removed
    still = work.session.scalars(
        select(TeamMember.slack_user_id).where(TeamMember.slack_user_id.in_(removed))
    )
    return removed - set(still) - work.admins


def roles_in(team: Team) -> dict[str, str]:
    """Return the roles of a team's members by Slack id."""
    return {member.slack_user_id: member.role for member in team.members}


def listed_in(team: Team) -> dict[str, Role]:
    """Return the roles of those whom the team's document lists."""
    return {each.slack_user_id: Role(each.role) for each in team.members if not each.from_usergroup}


def from_usergroup(team: Team) -> frozenset[str]:
    """Return those whom the team's user group had when Slack was last asked and whom its document does not list."""
    return frozenset(each.slack_user_id for each in team.members if each.from_usergroup)


def set_members(
    work: UnitOfWork, person: Person, team: Team, wanted: Mapping[str, Membership], *, is_new: bool = False
) -> None:
    """Make these the team's members, with an audit entry if their roles change or the team is new."""
    before, after = roles_in(team), {each: member.role.value for each, member in wanted.items()}
    kept = {member.slack_user_id: member for member in team.members}
    team.members = [
        kept.get(slack_user_id, TeamMember(slack_user_id=slack_user_id)) for slack_user_id in sorted(wanted)
    ]
    for member in team.members:
        known = wanted[member.slack_user_id]
        member.role, member.from_usergroup = known.role.value, known.from_usergroup
    if before != after or is_new:
        audit.record(work, person, "team.changed", team.id, {"before": before, "after": after})
        notices.mark_gates_dirty(work, team.name)
