"""The roles of a person: responder, admin, platform admin."""

import pytest

from core.decisions.people import Person
from core.statuses import Role

RESPONDER = Person("U1", {"database": Role.RESPONDER})
ADMIN = Person("U2", {"database": Role.ADMIN})
STRANGER = Person("U3", {"web": Role.ADMIN})
PLATFORM = Person("U4", is_platform_admin=True)


@pytest.mark.parametrize(
    ("person", "responder", "admin"),
    [(RESPONDER, True, False), (ADMIN, True, True), (STRANGER, False, False), (PLATFORM, True, True)],
)
def test_roles_hold_for_their_own_team(person: Person, responder: bool, admin: bool) -> None:
    assert person.is_responder_of("database") is responder
    assert person.is_admin_of("database") is admin


def test_what_a_team_owns_is_for_its_members_and_what_is_global_for_all() -> None:
    people = (RESPONDER, ADMIN, STRANGER, PLATFORM)
    assert [person.may_see("database") for person in people] == [True, True, False, True]
    assert all(person.may_see(None) for person in people)
