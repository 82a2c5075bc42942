"""What Slack's directory says of people and user groups: whom to ask about next, and what follows from the answers."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import InstrumentedAttribute

from core.decisions.directory import is_barred, memberships
from core.decisions.people import Person
from core.services.access.teams import listed_in, roles_in, set_members, without_team
from core.services.access.tokens import revoke_of_departed
from core.services.shared import audit, notices
from core.statuses import PrincipalKind, Standing
from core.tables import SlackPerson, Team, TeamMember
from core.unit_of_work import UnitOfWork

# Slack lets an app ask for about a hundred people a minute (Tier 4) and for twenty groups (Tier 2):
# https://docs.slack.dev/apis/web-api/rate-limits
PEOPLE_AT_ONCE, PEOPLE_EVERY = 20, timedelta(minutes=5)
GROUPS_AT_ONCE, GROUPS_EVERY = 4, timedelta(minutes=1)
SLACK = Person("slack", source="slack", kind=PrincipalKind.OPERATOR)


def next_people(work: UnitOfWork) -> list[str]:
    """Return people to ask Slack about, those known for the longest first, and note that they are being asked about.

    They are members of teams and platform admins: nobody else may do anything.
    """
    admins = select(func.unnest(cast(sorted(work.admins), ARRAY(Text))))
    known = select(TeamMember.slack_user_id).union(admins).subquery()
    person = known.c[0]
    asked = select(person).outerjoin(SlackPerson, SlackPerson.slack_user_id == person)
    due = asked.where(_is_due(SlackPerson.checked_at, work, PEOPLE_EVERY))
    found = list(
        work.session.scalars(due.order_by(SlackPerson.checked_at.nulls_first()).limit(PEOPLE_AT_ONCE))
    )
    for slack_user_id in sorted(found):
        _note(work, slack_user_id, None)
    return found


def _is_due(
    checked_at: InstrumentedAttribute[Any], work: UnitOfWork, every: timedelta
) -> ColumnElement[bool]:
    return or_(checked_at.is_(None), checked_at <= work.now - every)


def _note(work: UnitOfWork, slack_user_id: str, standing: Standing | None, name: str | None = None) -> None:
    """Store when somebody was asked about and, if they are known, their standing and name."""
    first = {"slack_user_id": slack_user_id, "standing": standing or Standing.MEMBER, "checked_at": work.now}
    known = {"standing": standing, "name": name}
    changed = {"checked_at": work.now} | {key: value for key, value in known.items() if value is not None}
    new = {**first, "name": name}
    work.session.execute(
        insert(SlackPerson).values(new).on_conflict_do_update(index_elements=["slack_user_id"], set_=changed)
    )


def note_standing(work: UnitOfWork, slack_user_id: str, standing: Standing, name: str | None = None) -> None:
    """Store what Slack says of a person. If it bars them or no longer does, open gates say who may decide now.

    `name`: their full name; None if Slack did not say, which leaves what is known.
    """
    row = work.session.get(SlackPerson, slack_user_id, with_for_update=True, populate_existing=True)
    before = Standing(row.standing) if row is not None else Standing.MEMBER
    _note(work, slack_user_id, standing, name)
    if before is standing:
        return
    audit.record(work, SLACK, "person.standing", slack_user_id, {"before": before, "after": standing})
    if is_barred(before) != is_barred(standing):
        for team in work.session.scalars(
            select(Team.name).join(TeamMember).where(TeamMember.slack_user_id == slack_user_id)
        ):
            notices.mark_gates_dirty(work, team)


def note_change(work: UnitOfWork, slack_user_id: str, standing: Standing, name: str | None = None) -> None:
    """Store a change that Slack tells of by itself; of people whom nobody asks about, nothing is stored."""
    if work.session.get(SlackPerson, slack_user_id) is not None:
        note_standing(work, slack_user_id, standing, name)


def names_of(work: UnitOfWork, slack_user_ids: Collection[str]) -> dict[str, str]:
    """Return the full names of these people by their Slack ids, as far as Slack has said them."""
    if not slack_user_ids:
        return {}
    query = select(SlackPerson.slack_user_id, SlackPerson.name).where(
        SlackPerson.slack_user_id.in_(sorted(slack_user_ids)), SlackPerson.name.is_not(None)
    )
    return {slack_user_id: str(name) for slack_user_id, name in work.session.execute(query)}


def is_known_since(work: UnitOfWork, slack_user_id: str, since: datetime) -> bool:
    """Return whether Slack has said since then who this is."""
    row = work.session.get(SlackPerson, slack_user_id)
    return row is not None and row.checked_at >= since


def next_usergroups(work: UnitOfWork) -> list[tuple[str, str]]:
    """Return the ids and user groups of teams to ask Slack about, and note that they are being asked about."""
    due = select(Team).where(
        Team.usergroup.is_not(None), _is_due(Team.usergroup_checked_at, work, GROUPS_EVERY)
    )
    ordered = due.order_by(Team.usergroup_checked_at.nulls_first()).limit(GROUPS_AT_ONCE)
    teams = work.session.scalars(ordered.with_for_update(skip_locked=True)).all()
    for team in teams:
        team.usergroup_checked_at = work.now
    return [(team.id, str(team.usergroup)) for team in teams]


def set_usergroup_members(work: UnitOfWork, team_id: str, usergroup: str, members: Collection[str]) -> None:
    """Make the user group's members responders of the team. Who leaves the group and is in no team loses their tokens.

    Nothing happens if the team is gone or has another user group by now.
    """
    team = work.session.get(Team, team_id, with_for_update=True)
    if team is None or team.usergroup != usergroup:
        return
    before = roles_in(team)
    set_members(work, SLACK, team, memberships(listed_in(team), frozenset(members)))
    work.session.flush()
    revoke_of_departed(work, SLACK, without_team(work, before.keys() - roles_in(team).keys()))
