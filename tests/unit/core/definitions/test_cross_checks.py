"""Checks of documents against each other."""

import pytest

from core.definitions.checks.secrets import Known
from core.definitions.validate import validate_text

from .documents import RUNBOOK, WORKFLOW


def problems(*texts: str, known: tuple[str, ...] | None = None) -> list[str]:
    return [str(problem) for problem in validate_text("---\n".join(texts), "f", known=Known(known))[1]]


def test_an_unknown_runbook_is_a_problem_only_where_it_is_known_which_there_are() -> None:
    assert problems(WORKFLOW) == []
    assert problems(WORKFLOW, known=("one",)) == []
    assert problems(WORKFLOW, RUNBOOK, known=()) == []
    assert problems(WORKFLOW, known=("ones",)) == ["f:11:14: There is no runbook one. Did you mean ones?"]


def test_a_name_is_used_once_in_each_kind() -> None:
    assert problems(RUNBOOK, RUNBOOK) == ["f:26:7: There is already a runbook one in f:2. Rename one."]
    assert problems(RUNBOOK, WORKFLOW.replace("name: flow", "name: one")) == []


def test_a_runbook_of_another_team_is_never_started() -> None:
    runbook = RUNBOOK.replace("name: one", "name: one\nteam: database")
    flow = WORKFLOW.replace("name: flow", "name: flow\nteam: network")
    (problem,) = problems(flow, runbook)
    assert problem.startswith(
        "f:12:14: one belongs to team database, so it cannot run for incidents of network."
    )
    assert problems(WORKFLOW, runbook) == []
    assert problems(flow, RUNBOOK) == []


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("{cluster: user}", "f:12:27: one: cluster must be one of orders, users; you gave user."),
        ("{clutser: users}", "f:12:18: one: There is no parameter clutser. Did you mean cluster?"),
        ("{count: '3'}", "f:12:25: one: count must be a whole number; you gave 3."),
    ],
)
def test_the_parameters_of_a_start_fit_the_runbook(parameters: str, expected: str) -> None:
    assert problems(WORKFLOW.replace("{cluster: users}", parameters), RUNBOOK) == [expected]


def test_a_required_parameter_must_be_given() -> None:
    runbook = RUNBOOK.replace("parameters:\n", "parameters:\n  required: [note]\n")
    assert problems(WORKFLOW, runbook) == ["f:12:17: one: note is missing."]


def test_what_a_template_brings_is_not_judged_beforehand() -> None:
    flow = WORKFLOW.replace("{cluster: users}", "{cluster: '{{ incident.service }}', count: '{{ 3 }}'}")
    assert problems(flow, RUNBOOK) == []
