"""Writing teams: their members, channels and settings, and what becomes of those who leave."""

from collections.abc import Iterable, Mapping, Set

from sqlalchemy import select

from core.decisions.directory import Membership, memberships
from core.decisions.people import Person
from core.decisions.policy import require
from core.decisions.policy_table import Action
from core.definitions.team import TeamDefinition
from core.identifiers import Prefix, new_id
from core.services.access.tokens import revoke_of_departed
from core.services.shared import audit, notices
from core.statuses import Role
from core.tables import Team, TeamChannel, TeamMember
from core.unit_of_work import UnitOfWork


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
