"""A gate that nobody could pass is reported if the teams are in the same documents."""

import pytest

from core.definitions.validate import validate_text

TEAM = """
kind: team
name: data
members:
  - {slack: U0ADMIN, role: admin}
  - {slack: U0OPS, role: responder}
"""
ALONE = TEAM.replace("  - {slack: U0OPS, role: responder}\n", "")


def problems(team: str, gate: str, owner: str = "team: data\n") -> list[str]:
    runbook = f"kind: runbook\nname: tried\n{owner}steps:\n  - {{id: gate, type: approval{gate}}}\n"
    _, found = validate_text(f"{team}---\n{runbook}" if team else runbook, "set.yaml")
    return list(map(str, found))


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (
            ", approvers: {role: admin, count: 2}",
            "count is 2, but only 1 person qualifies: the admins of team data.",
        ),
        (", approvers: {count: 3}", "count is 3, but only 2 people qualify: the members of team data."),
        (
            ", approvers: {role: admin, people: [U0ADMIN], count: 2}",
            "count is 2, but only 1 person qualifies: the admins of team data and the people named.",
        ),
        (
            ", approvers: {team: data, count: 3}",
            "count is 3, but only 2 people qualify: the members of team data.",
        ),
    ],
)
def test_too_few_members_of_the_role_are_told_where_it_stands(gate: str, said: str) -> None:
    [problem] = problems(TEAM, gate)

    assert said in problem
    line, column = problem.removeprefix("set.yaml:").split(":")[:2]
    assert int(line) == 12
    assert int(column) == f"  - {{id: gate, type: approval{gate}}}".index("count: ") + len("count: ") + 1


def test_where_the_only_one_named_is_the_only_one_who_may_ask_it_is_told() -> None:
    gate = ", approvers: {people: [U0ADMIN]"
    [problem] = problems(ALONE, gate + "}")
    assert "Whichever member of team data requests the run, too few of the named people remain" in problem
    assert problems(ALONE, gate + "}, allow_requester: true") == []
    assert problems(TEAM, gate + "}") == []


@pytest.mark.parametrize(
    ("team", "gate", "owner"),
    [
        (TEAM, "", "team: data\n"),
        (TEAM, ", approvers: {role: admin}", "team: data\n"),
        (TEAM, ", approvers: {count: 2}", "team: data\n"),
        (TEAM, ", approvers: {role: admin, people: [U0OTHER], count: 2}", "team: data\n"),
        ("", ", approvers: {role: admin, count: 9}", "team: data\n"),
        (TEAM, ", approvers: {role: admin, count: 9}", ""),
        (TEAM, ", approvers: {team: other, count: 9}", "team: data\n"),
    ],
    ids=["default", "one admin", "both", "with people", "no team here", "global", "another team"],
)
def test_nothing_is_said_of_gates_that_can_be_passed_or_are_not_known(
    team: str, gate: str, owner: str
) -> None:
    assert problems(team, gate, owner) == []
