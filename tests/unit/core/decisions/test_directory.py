"""What Slack's directory says, and what follows from it."""

from typing import Any

import pytest

from core.decisions.directory import Membership, is_barred, memberships, name_of, standing_of
from core.statuses import Role, Standing


@pytest.mark.parametrize(
    ("user", "standing", "barred"),
    [
        ({}, Standing.MEMBER, False),
        ({"is_admin": True, "is_owner": True}, Standing.MEMBER, False),
        ({"is_restricted": True}, Standing.GUEST, True),
        ({"is_restricted": True, "is_ultra_restricted": True}, Standing.GUEST, True),
        ({"is_ultra_restricted": True}, Standing.GUEST, True),
        ({"is_stranger": True}, Standing.EXTERNAL, True),
        ({"deleted": True, "is_restricted": True}, Standing.DEACTIVATED, True),
        ({"is_bot": True}, Standing.APP, True),
    ],
)
def test_the_standing_of_a_user(user: dict[str, bool], standing: Standing, barred: bool) -> None:
    assert standing_of(user) is standing
    assert is_barred(standing) is barred


def test_nobody_is_barred_because_slack_does_not_know_them() -> None:
    assert not is_barred(Standing.UNKNOWN)


def test_a_user_group_adds_responders_and_takes_nothing_from_those_listed() -> None:
    listed = {"U1": Role.ADMIN, "U2": Role.RESPONDER}
    assert memberships(listed, frozenset({"U1", "U3"})) == {
        "U1": Membership(Role.ADMIN),
        "U2": Membership(Role.RESPONDER),
        "U3": Membership(Role.RESPONDER, from_usergroup=True),
    }


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ({"real_name": "Ann  Lee", "name": "ann"}, "Ann Lee"),
        ({"real_name": "", "name": "ann"}, "ann"),
        ({"real_name": "x" * 200}, "x" * 80),
        ({"real_name": None}, None),
        ({}, None),
    ],
)
def test_somebodys_name(user: dict[str, Any], name: str | None) -> None:
    assert name_of(user) == name
