"""Finds people by their names or Slack ids, among the teams that the reader may see."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from core.decisions.people import Person
from core.decisions.policy import visible_teams
from core.decisions.policy_table import Action
from core.tables import SlackPerson, Team, TeamMember
from core.unit_of_work import UnitOfWork

SLACK_ID = re.compile(r"<?@?([UW][A-Z0-9]{2,20})>?", re.IGNORECASE)


@dataclass(frozen=True)
class Teammate:
    """A member of teams that the reader may see. `name`: empty if Slack has not said it."""

    slack_user_id: str
    name: str
    teams: Sequence[str]


def teammates(work: UnitOfWork, person: Person, words: Sequence[str], most: int) -> list[Teammate]:
    """Return the members who have this Slack id, or all of these words in their name."""
    names = visible_teams(person, Action.INCIDENT_READ)
    teams = func.array_agg(Team.name.distinct())
    query = (
        select(TeamMember.slack_user_id, func.max(SlackPerson.name), teams)
        .join(Team, Team.id == TeamMember.team_id)
        .outerjoin(SlackPerson, SlackPerson.slack_user_id == TeamMember.slack_user_id)
        .where(_is_meant(words))
        .group_by(TeamMember.slack_user_id)
        .order_by(func.max(SlackPerson.name), TeamMember.slack_user_id)
        .limit(most)
    )
    if names is not None:
        query = query.where(Team.name.in_(sorted(names)))
    return [Teammate(who, name or "", sorted(of)) for who, name, of in work.session.execute(query)]


def _is_meant(words: Sequence[str]) -> ColumnElement[bool]:
    named = SlackPerson.name.icontains(words[0], autoescape=True)
    for word in words[1:]:
        named &= SlackPerson.name.icontains(word, autoescape=True)
    found = SLACK_ID.fullmatch(words[0]) if len(words) == 1 else None
    return named if found is None else named | (TeamMember.slack_user_id == found[1].upper())
