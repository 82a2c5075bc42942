"""The examples hold: each of their tests is run here."""

from pathlib import Path

import pytest

from core.definitions.actions import action_types
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import step_types
from core.definitions.validate import validate_files
from core.definitions.workflow import WorkflowDefinition
from core.simulation.differences import Played, play_all

DEFINITIONS, PROBLEMS = validate_files([Path("examples/definitions")])
PLAYED = list(play_all(DEFINITIONS))


def test_the_examples_have_no_problem() -> None:
    assert list(map(str, PROBLEMS)) == []


def test_every_runbook_of_the_examples_carries_tests() -> None:
    runbooks = {each.name for each in DEFINITIONS if isinstance(each, RunbookDefinition)}
    assert {each.runbook for each in PLAYED} == runbooks


@pytest.mark.parametrize("played", PLAYED, ids=lambda each: f"{each.runbook}: {each.case.name}")
def test_it_holds(played: Played) -> None:
    assert played.differences == []


def test_the_examples_show_every_type_of_step_action_and_trigger() -> None:
    runbooks = [each for each in DEFINITIONS if isinstance(each, RunbookDefinition)]
    workflows = [each for each in DEFINITIONS if isinstance(each, WorkflowDefinition)]

    assert {step.type for each in runbooks for _, step in each.placed_steps()} == set(step_types())
    assert {placed.action.type for each in workflows for placed in each.placed} == set(action_types())
    assert {each.trigger.on for each in workflows} == {
        "incident.created",
        "incident.status_changed",
        "incident.escalated",
        "incident.age",
        "manual",
    }
