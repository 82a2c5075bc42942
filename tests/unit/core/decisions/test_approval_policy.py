"""Approval gates: who may decide, and when they are decided."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.decisions.approval_policy import (
    ApprovalPolicy,
    Deciders,
    Decision,
    describe_approvers,
    is_approver,
    policy_from_json,
    policy_to_json,
    possible_deciders,
    who_may,
)
from core.decisions.gate_decisions import Gate, decide
from core.decisions.people import Person
from core.errors import Conflict, NotAllowed
from core.statuses import GateStatus, Role

NOW = datetime(2026, 1, 5, 3, 12, tzinfo=UTC)
ASKED = "U0ASKED"
REQUESTER = Person(ASKED, {"database": Role.ADMIN})
RESPONDER = Person("U0OPS", {"database": Role.RESPONDER})
ADMIN = Person("U0ADMIN", {"database": Role.ADMIN})
SECOND = Person("U0SECOND", {"database": Role.ADMIN})
STRANGER = Person("U0WEB", {"web": Role.ADMIN})
PLATFORM = Person("U0PLATFORM", is_platform_admin=True)

OF_TEAM = ApprovalPolicy(ASKED, team="database")
OF_ADMINS = ApprovalPolicy(ASKED, team="database", role=Role.ADMIN)
OF_PEOPLE = ApprovalPolicy(ASKED, people=("U0WEB",))
OF_BOTH = ApprovalPolicy(ASKED, team="database", role=Role.ADMIN, people=("U0WEB",))
OF_NOBODY = ApprovalPolicy(ASKED)


def gate(
    policy: ApprovalPolicy = OF_TEAM, *decisions: Decision, status: GateStatus = GateStatus.OPEN
) -> Gate:
    return Gate(policy, status, decisions, NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("policy", "approvers"),
    [
        (
            OF_TEAM,
            (
                RESPONDER,
                ADMIN,
                PLATFORM,
            ),
        ),
        (
            OF_ADMINS,
            (
                ADMIN,
                PLATFORM,
            ),
        ),
        (OF_PEOPLE, (STRANGER,)),
        (
            OF_BOTH,
            (
                STRANGER,
                ADMIN,
                PLATFORM,
            ),
        ),
        (OF_NOBODY, (PLATFORM,)),
    ],
    ids=["team", "admins", "people", "both", "nobody"],
)
def test_only_the_named_decide(policy: ApprovalPolicy, approvers: tuple[Person, ...]) -> None:
    everybody = (RESPONDER, ADMIN, STRANGER, PLATFORM)
    assert [is_approver(policy, person) for person in everybody] == [p in approvers for p in everybody]
    for person in everybody:
        if person in approvers:
            assert decide(gate(policy), person, True, NOW) is GateStatus.APPROVED
        else:
            with pytest.raises(NotAllowed, match=r"Only .* may decide here\."):
                decide(gate(policy), person, True, NOW)


@pytest.mark.parametrize("approved", [True, False])
def test_the_requester_does_not_decide(approved: bool) -> None:
    with pytest.raises(NotAllowed, match="You requested this run"):
        decide(gate(), REQUESTER, approved, NOW)


def test_a_platform_admin_who_asked_does_not_decide_either() -> None:
    own = replace(OF_TEAM, requester=PLATFORM.slack_user_id)
    with pytest.raises(NotAllowed, match="You requested this run"):
        decide(gate(own), PLATFORM, True, NOW)


def test_the_requester_decides_where_the_definition_says_so() -> None:
    assert decide(gate(replace(OF_TEAM, allow_requester=True)), REQUESTER, True, NOW) is GateStatus.APPROVED


def test_a_requester_who_may_decide_still_must_be_an_approver() -> None:
    policy = ApprovalPolicy(STRANGER.slack_user_id, team="database", allow_requester=True)
    with pytest.raises(NotAllowed, match="Only a responder of team database"):
        decide(gate(policy), STRANGER, True, NOW)


def test_the_gate_stays_open_until_enough_approve() -> None:
    two = replace(OF_TEAM, count=2)
    assert decide(gate(two), ADMIN, True, NOW) is GateStatus.OPEN
    assert decide(gate(two, Decision("U0ADMIN", True)), SECOND, True, NOW) is GateStatus.APPROVED


def test_one_rejection_decides() -> None:
    two = replace(OF_TEAM, count=2)
    assert decide(gate(two, Decision("U0ADMIN", True)), SECOND, False, NOW) is GateStatus.REJECTED


@pytest.mark.parametrize("approved", [True, False])
def test_nobody_decides_twice(approved: bool) -> None:
    with pytest.raises(Conflict, match=r"You have already approved this\. 1 more person must approve"):
        decide(gate(replace(OF_TEAM, count=2), Decision("U0ADMIN", True)), ADMIN, approved, NOW)


BY_TWO = (Decision("U0ADMIN", True), Decision("U0SECOND", True))


@pytest.mark.parametrize(
    ("status", "decisions", "words"),
    [
        (GateStatus.APPROVED, BY_TWO, "Approved by <@U0ADMIN> and <@U0SECOND> at 03:02 UTC. Nothing is left"),
        (GateStatus.REJECTED, (Decision("U0ADMIN", False),), "Rejected by <@U0ADMIN> at 03:02 UTC. The run"),
        (GateStatus.EXPIRED, (), "Expired at 03:27 UTC: nobody decided in time. Run the runbook again"),
        (GateStatus.CANCELLED, (), "No longer needed: the run left this gate at 03:02 UTC."),
        (GateStatus.VOID, BY_TWO, "Approved by <@U0ADMIN> and <@U0SECOND>, and then needed again. A newer"),
    ],
)
def test_whoever_comes_too_late_is_told_who_decided_when(
    status: GateStatus, decisions: tuple[Decision, ...], words: str
) -> None:
    closed = replace(gate(OF_TEAM, *decisions, status=status), closed_at=NOW - timedelta(minutes=10))
    with pytest.raises(Conflict) as refused:
        decide(closed, ADMIN, True, NOW)
    assert str(refused.value).startswith(words)


def test_what_was_decided_long_ago_is_told_with_its_day() -> None:
    closed = replace(gate(status=GateStatus.APPROVED), closed_at=NOW - timedelta(days=2))
    with pytest.raises(Conflict, match="Approved at 2026-01-03 03:12 UTC"):
        decide(closed, ADMIN, True, NOW)


def test_a_gate_is_open_until_just_before_its_end() -> None:
    end = NOW + timedelta(minutes=15)
    assert decide(gate(), ADMIN, True, end - timedelta(microseconds=1)) is GateStatus.APPROVED
    with pytest.raises(Conflict, match="Expired at 03:27 UTC: nobody decided in time"):
        decide(gate(), ADMIN, True, end)


def test_a_gate_without_an_end_is_open_for_ever() -> None:
    endless = Gate(OF_TEAM, GateStatus.OPEN, (), None)
    assert decide(endless, ADMIN, True, NOW + timedelta(days=10_000)) is GateStatus.APPROVED


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (OF_TEAM, "a responder of team database"),
        (OF_ADMINS, "an admin of team database"),
        (OF_PEOPLE, "<@U0WEB>"),
        (OF_BOTH, "an admin of team database, or <@U0WEB>"),
        (OF_NOBODY, "a platform admin"),
    ],
)
def test_approvers_are_told_in_words(policy: ApprovalPolicy, words: str) -> None:
    assert describe_approvers(policy) == words


MEMBERS = [("U0ADA", Role.ADMIN), ("U0RES", Role.RESPONDER), ("U0ASK", Role.ADMIN)]
TEAMS = {"database": MEMBERS, "platform": [("U0PAUL", Role.ADMIN), ("U0PETE", Role.RESPONDER)]}


@pytest.mark.parametrize(
    ("policy", "deciders"),
    [
        (ApprovalPolicy("U0ASK", team="database"), ["U0ADA", "U0RES"]),
        (ApprovalPolicy("U0ASK", team="database", role=Role.ADMIN), ["U0ADA"]),
        (ApprovalPolicy("U0ASK", team="database", role=Role.ADMIN, allow_requester=True), ["U0ADA", "U0ASK"]),
        (ApprovalPolicy("U0ASK", team="database", role=Role.ADMIN, people=("U0DBA",)), ["U0ADA", "U0DBA"]),
        (ApprovalPolicy("U0ASK", people=("U0DBA", "U0ASK")), ["U0DBA"]),
    ],
)
def test_who_may_decide_are_those_named_and_those_with_the_role_but_for_who_asked(
    policy: ApprovalPolicy, deciders: list[str]
) -> None:
    assert possible_deciders(policy, TEAMS) == deciders


@pytest.mark.parametrize("role", [Role.ADMIN, Role.RESPONDER])
def test_whoever_is_told_that_they_may_decide_may(role: Role) -> None:
    policy = ApprovalPolicy("U0ASK", team="database", role=role)
    for who, has in MEMBERS:
        told = who in possible_deciders(policy, TEAMS)
        assert told == (is_approver(policy, Person(who, {"database": has})) and who != "U0ASK")


ESCALATED = replace(OF_ADMINS, also=Deciders("platform", Role.ADMIN, ("U0CTO",)))


def test_those_to_whom_it_was_escalated_may_decide_too() -> None:
    for person in (ADMIN, Person("U0PAUL", {"platform": Role.ADMIN}), Person("U0CTO")):
        assert decide(gate(ESCALATED), person, True, NOW) is GateStatus.APPROVED
    assert not is_approver(ESCALATED, Person("U0PETE", {"platform": Role.RESPONDER}))
    assert possible_deciders(ESCALATED, TEAMS) == ["U0ADA", "U0ASK", "U0CTO", "U0PAUL"]
    assert describe_approvers(ESCALATED) == (
        "an admin of team database, or an admin of team platform, or <@U0CTO>"
    )


def test_an_initiator_to_whom_it_was_escalated_decides_as_little() -> None:
    own = replace(ESCALATED, requester="U0CTO")
    assert "U0CTO" not in possible_deciders(own, TEAMS)
    with pytest.raises(NotAllowed, match="You requested this run"):
        decide(gate(own), Person("U0CTO"), True, NOW)


@pytest.mark.parametrize("policy", [OF_TEAM, OF_BOTH, ESCALATED])
def test_a_policy_comes_back_as_it_was_stored(policy: ApprovalPolicy) -> None:
    assert policy_from_json(policy_to_json(policy)) == policy


def test_the_first_few_who_may_decide_are_named() -> None:
    team = {"database": [(f"U0M{n}", Role.RESPONDER) for n in range(9)]}
    said = who_may(OF_TEAM, team, ())
    assert said == (
        "Ask <@U0M0> or <@U0M1> or <@U0M2> or <@U0M3> or <@U0M4> and 4 more: they may decide here."
    )
    assert who_may(OF_TEAM, {}, ()) is None
    assert who_may(OF_NOBODY, {}, ["U0ROOT"]) == "Ask <@U0ROOT>: they may decide here."
