"""The examples hold: each of their tests is run here."""

from pathlib import Path

import pytest

from core.definitions.runbook import RunbookDefinition
from core.definitions.validate import validate_files
from core.rehearsal.cases import Played, play_all

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
