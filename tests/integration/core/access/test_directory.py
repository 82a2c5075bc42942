"""Whom Slack is asked about, and what its answers change."""

from datetime import timedelta

from sqlalchemy import select

from core.decisions.people import Person
from core.services.access.directory import (
    PEOPLE_AT_ONCE,
    PEOPLE_EVERY,
    next_people,
    next_usergroups,
    note_standing,
    set_usergroup_members,
)
from core.services.access.people import load_person
from core.services.access.tokens import create_token, list_tokens
from core.statuses import Role, Standing, TokenScope
from core.tables import AuditEntry
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import ADMIN
from tests.integration.core.world import CoreWorld
from tests.world import apply_documents

OPERATOR = Person(ADMIN, is_platform_admin=True, source="test")
TEAM = """
kind: team
name: payments
usergroup: S0PAY
members:
  - {slack: U0LEAD, role: admin}
"""


def group(unit_of_work: UnitOfWorkFactory, *members: str, usergroup: str = "S0PAY") -> None:
    """What Slack answers of the user group of team payments."""
    with unit_of_work.begin() as work:
        for team_id, _ in next_usergroups(work):
            set_usergroup_members(work, team_id, usergroup, members)


def roles(unit_of_work: UnitOfWorkFactory, person: str) -> dict[str, Role]:
    with unit_of_work.begin() as work:
        return dict(load_person(work, person, source="test").roles)


def audited(unit_of_work: UnitOfWorkFactory, action: str) -> list[tuple[str, object]]:
    with unit_of_work.begin() as work:
        entries = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.number)
        )
        return [(entry.actor, entry.details["after"]) for entry in entries]


def test_everybody_known_is_asked_about_in_turn(world: CoreWorld) -> None:
    many = "\n".join(
        f"  - {{slack: U0X{number:03}, role: responder}}" for number in range(PEOPLE_AT_ONCE + 5)
    )
    apply_documents(world.unit_of_work, f"kind: team\nname: crowd\nmembers:\n{many}\n")
    rounds = [world.unit_of_work.run(next_people) for _ in range(4)]
    asked = [person for found in rounds for person in found]
    assert len(asked) == len(set(asked))
    assert {ADMIN, "U0X000", f"U0X{PEOPLE_AT_ONCE + 4:03}"} <= set(asked)
    assert max(map(len, rounds)) == PEOPLE_AT_ONCE
    assert rounds[-1] == []
    world.clock.ahead += PEOPLE_EVERY
    assert len(world.unit_of_work.run(next_people)) == PEOPLE_AT_ONCE


def test_a_change_of_standing_is_audited_once(world: CoreWorld) -> None:
    for standing in (Standing.MEMBER, Standing.GUEST, Standing.GUEST, Standing.MEMBER):
        with world.unit_of_work.begin() as work:
            note_standing(work, "U0DBOPS", standing)
    assert audited(world.unit_of_work, "person.standing") == [("slack", "guest"), ("slack", "member")]


def test_the_members_of_the_user_group_are_responders(world: CoreWorld) -> None:
    apply_documents(world.unit_of_work, TEAM)
    assert roles(world.unit_of_work, "U0NEW") == {}
    group(world.unit_of_work, "U0NEW", "U0LEAD")
    assert roles(world.unit_of_work, "U0NEW") == {"payments": Role.RESPONDER}
    assert roles(world.unit_of_work, "U0LEAD") == {"payments": Role.ADMIN}
    world.clock.ahead += timedelta(minutes=1)
    group(world.unit_of_work, "U0NEW", "U0LEAD")
    changes = [after for actor, after in audited(world.unit_of_work, "team.changed") if actor == "slack"]
    assert changes == [{"U0LEAD": "admin", "U0NEW": "responder"}], "what does not change is not audited"


def test_applying_the_document_again_keeps_the_user_groups_members(world: CoreWorld) -> None:
    apply_documents(world.unit_of_work, TEAM)
    group(world.unit_of_work, "U0NEW")
    apply_documents(world.unit_of_work, TEAM)
    assert roles(world.unit_of_work, "U0NEW") == {"payments": Role.RESPONDER}
    apply_documents(world.unit_of_work, TEAM.replace("usergroup: S0PAY\n", ""))
    assert roles(world.unit_of_work, "U0NEW") == {}
    assert roles(world.unit_of_work, "U0LEAD") == {"payments": Role.ADMIN}


def test_who_leaves_the_user_group_loses_role_and_tokens(world: CoreWorld) -> None:
    apply_documents(world.unit_of_work, TEAM)
    group(world.unit_of_work, "U0NEW")
    with world.unit_of_work.begin() as work:
        create_token(work, OPERATOR, "U0NEW", "laptop", scopes=frozenset({TokenScope.READ}))
    world.clock.ahead += timedelta(minutes=1)
    group(world.unit_of_work)
    assert roles(world.unit_of_work, "U0NEW") == {}
    with world.unit_of_work.begin() as work:
        [token] = [row for row in list_tokens(work, OPERATOR) if row.slack_user_id == "U0NEW"]
        assert token.revoked_at is not None


def test_an_answer_about_a_user_group_that_the_team_no_longer_has_changes_nothing(world: CoreWorld) -> None:
    apply_documents(world.unit_of_work, TEAM)
    group(world.unit_of_work, "U0NEW", usergroup="S0OLD")
    assert roles(world.unit_of_work, "U0NEW") == {}
