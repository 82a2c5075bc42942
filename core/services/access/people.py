"""People and teams as they are stored: a person with their roles, a team, its members."""

from collections.abc import Iterable, Set

from sqlalchemy import ColumnElement, exists, null, select

from core.decisions.directory import HINTS, REFUSALS, is_barred
from core.decisions.people import Person
from core.errors import NotAllowed, NotFound
from core.statuses import Role, Standing
from core.tables import SlackPerson, Team, TeamMember
from core.unit_of_work import UnitOfWork


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
