"""The runbooks of examples/library validate on their own, and each of their tests is run here."""

import re
from pathlib import Path

import pytest

from core.definitions.runbook import Case, RunbookDefinition
from core.definitions.validate import validate_files
from core.simulation.differences import play

LIBRARY = Path("examples/library")
DEFINITIONS, PROBLEMS = validate_files([LIBRARY])
RUNBOOKS = [each for each in DEFINITIONS if isinstance(each, RunbookDefinition)]
CASES = [(runbook, case) for runbook in RUNBOOKS for case in runbook.tests]


def test_the_library_has_no_problem() -> None:
    assert list(map(str, PROBLEMS)) == []


def test_its_runbooks_have_other_names_than_those_of_the_demo() -> None:
    """And the same teams. Each folder validates on its own; some secrets are declared in both, for other teams."""
    others, _ = validate_files([Path("examples/definitions")])
    theirs = {each.name for each in others if isinstance(each, RunbookDefinition)}
    assert not theirs & {each.name for each in RUNBOOKS}
    assert (LIBRARY / "teams.yaml").read_text("utf-8") == Path("examples/definitions/teams.yaml").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    ("runbook", "case"), CASES, ids=[f"{runbook.name}: {case.name}" for runbook, case in CASES]
)
def test_it_holds(runbook: RunbookDefinition, case: Case) -> None:
    assert play(runbook, case).differences == []


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda each: each.name)
def test_a_runbook_says_what_it_is_for_and_what_it_takes(runbook: RunbookDefinition) -> None:
    assert runbook.description
    declared = runbook.parameters.get("properties", {})
    assert isinstance(declared, dict)
    for name, parameter in declared.items():
        assert isinstance(parameter, dict)
        assert parameter.get("description"), name
        bounds = {"enum", "pattern", "maxLength", "minimum"} & parameter.keys()
        assert bounds, f"{name} of {runbook.name} may be anything"


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda each: each.name)
def test_a_runbook_shows_how_it_fails_and_what_a_rejection_does(runbook: RunbookDefinition) -> None:
    statuses = {case.expect.status for case in runbook.tests}
    assert {"succeeded", "failed"} <= statuses
    gates = {step.id for step in runbook.steps if step.type == "approval"}
    rejected = {
        gate for case in runbook.tests for gate, decision in case.decisions.items() if decision == "reject"
    }
    assert rejected == gates


@pytest.mark.parametrize("runbook", RUNBOOKS, ids=lambda each: each.name)
def test_a_step_whose_answer_is_lost_is_repeated_only_where_a_test_shows_what_happens(
    runbook: RunbookDefinition,
) -> None:
    """Each type of step that acts and is not safe can be in doubt; a runbook with one shows that people are asked."""
    tries = ("http", "sql", "ssh", "shell", "github_actions")
    unsafe = [
        step.id
        for step in runbook.steps
        if step.type in tries
        and not (step.retry and step.retry.safe)
        and not getattr(step, "only_reads", False)
    ]
    asked = {case.expect.waiting_for for case in runbook.tests}
    assert not unsafe or "verdict" in asked, unsafe


def test_the_table_names_every_file() -> None:
    page = (LIBRARY / "README.md").read_text("utf-8")
    documents = {"teams.yaml", "secrets.yaml"}
    assert {path.name for path in LIBRARY.glob("*.yaml")} - documents == {
        f"{name}.yaml" for name in re.findall(r"^\| \[([\w-]+)\]", page, re.MULTILINE)
    }
