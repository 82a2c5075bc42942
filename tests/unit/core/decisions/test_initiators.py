"""The initiators of a run, and how they are described."""

import pytest

from core.decisions.approval_policy import ApprovalPolicy, Decision, nobody_left
from core.decisions.gate_decisions import Gate, decide
from core.decisions.initiators import (
    SAID,
    Initiator,
    initiated_by,
    initiators_from_json,
    initiators_to_json,
    joined,
)
from core.decisions.people import Person, principals_of
from core.errors import NotAllowed
from core.statuses import GateStatus, Role
from tests.unit.core.decisions.building import NOW

MEMBERS = [("U0ADA", Role.ADMIN), ("U0RES", Role.RESPONDER)]
ADA = Person("U0ADA", {"data": Role.ADMIN})


def policy(*initiators: Initiator, count: int = 1, allow_requester: bool = False) -> ApprovalPolicy:
    return ApprovalPolicy(
        "workflow:launder", initiators, "data", Role.ADMIN, count=count, allow_requester=allow_requester
    )


@pytest.mark.parametrize(
    ("person", "principals"),
    [
        (Person("U1"), ("U1",)),
        (Person("service:alerts"), ("service:alerts",)),
        (Person("service:alerts", owner="U1"), ("service:alerts", "U1")),
        (Person("U1", owner="U1"), ("U1",)),
        (Person("workflow:page"), ()),
        (Person("system"), ()),
    ],
)
def test_who_stands_behind_a_deed(person: Person, principals: tuple[str, ...]) -> None:
    assert principals_of(person) == principals
    assert initiated_by(person, "asked") == tuple(Initiator(each, "asked") for each in principals)


def test_they_are_kept_as_they_are() -> None:
    both = joined([Initiator("U1", "opened")], [Initiator("U2", "retried"), Initiator("U1", "opened")])
    assert initiators_to_json(both) == [{"who": "U1", "as": "opened"}, {"who": "U2", "as": "retried"}]
    assert initiators_from_json(initiators_to_json(both)) == both
    assert initiators_from_json(None) == ()


@pytest.mark.parametrize("deed", SAID)
def test_none_of_them_decides_and_each_is_told_why(deed: str) -> None:
    gate = Gate(policy(Initiator("U0ADA", deed)), GateStatus.OPEN, (), None)
    for approved in (True, False):
        with pytest.raises(NotAllowed, match=f"You {SAID[deed]}, so somebody else must approve it."):
            decide(gate, ADA, approved, NOW)


def test_who_owns_the_token_that_asked_does_not_decide() -> None:
    asked = initiated_by(Person("service:alerts", owner="U0ADA"), "opened")
    with pytest.raises(NotAllowed, match="You opened the incident"):
        decide(Gate(policy(*asked), GateStatus.OPEN, (), None), ADA, True, NOW)


def test_they_decide_where_the_definition_says_so() -> None:
    gate = Gate(policy(Initiator("U0ADA", "opened"), allow_requester=True), GateStatus.OPEN, (), None)
    assert decide(gate, ADA, True, NOW) is GateStatus.APPROVED


OPENED = Initiator("U0ADA", "opened")


@pytest.mark.parametrize(
    ("found", "decisions", "admins", "words"),
    [
        (policy(), [], ["U0ROOT"], None),
        (
            policy(OPENED),
            [],
            ["U0ROOT"],
            "Nobody can still decide here. Approvers: an admin of team data",
        ),
        (policy(OPENED), [], ["U0ROOT"], "<@U0ROOT> can decide, or make somebody an admin of team data"),
        (policy(OPENED), [], ["U0ADA"], "A platform admin who did not initiate it can decide"),
        (policy(count=2), [], ["U0ROOT"], "Only <@U0ADA> can still decide"),
        (policy(count=2), [Decision("U0ADA", True)], ["U0ROOT"], "Nobody can still decide"),
        (policy(count=2), [Decision("U0OLD", True)], ["U0ROOT"], None),
        (ApprovalPolicy("U0ADA", (), people=("U0ADA",)), [], ["U0ROOT"], "<@U0ROOT> can approve a version"),
        (ApprovalPolicy("U0ADA"), [], ["U0ROOT"], None),
        (ApprovalPolicy("U0ROOT"), [], ["U0ROOT"], "Nobody can still decide"),
    ],
)
def test_where_nobody_is_left_it_is_said_with_who_can_help(
    found: ApprovalPolicy, decisions: list[Decision], admins: list[str], words: str | None
) -> None:
    said = nobody_left(found, {"data": MEMBERS}, decisions, admins)
    assert said is None if words is None else words in (said or "")
