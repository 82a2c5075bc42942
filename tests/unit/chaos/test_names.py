"""The names that the bench uses are those that the code knows."""

import re
from pathlib import Path

import pytest

import core
from chaos.definitions import ALWAYS, documents, edition_of, shapes
from chaos.guards import TRIALS
from chaos.points import POINTS
from chaos.strikes.registry import STRIKES, by_name
from core.definitions.validate import validate_text

ROOT = Path(core.__file__).parent.parent
SOURCE = "".join(
    file.read_text() for folder in ("core", "bot", "workers") for file in (ROOT / folder).rglob("*.py")
)


def test_every_point_of_the_bench_is_one_in_the_code() -> None:
    reached = set(re.findall(r'fail_point\("([\w.]+)"\)', SOURCE))
    assert {point for points in POINTS.values() for point in points} <= reached


def test_every_point_in_the_code_is_one_of_the_bench() -> None:
    reached = set(re.findall(r'fail_point\("([\w.]+)"\)', SOURCE))
    assert reached <= {point for points in POINTS.values() for point in points}


def test_every_guard_of_the_bench_is_one_that_the_code_can_do_without() -> None:
    assert set(TRIALS) == set(re.findall(r'is_disabled\("([\w-]+)"\)', SOURCE))


@pytest.mark.parametrize("guard", TRIALS)
def test_a_trial_names_runbooks_and_strikes_that_there_are(guard: str) -> None:
    assert set(TRIALS[guard].runbooks) <= set(shapes(1))
    assert set(TRIALS[guard].strikes) <= set(STRIKES)


def test_the_definitions_have_no_problem() -> None:
    found, problems = validate_text(documents(), "chaos")
    assert problems == []
    assert set(ALWAYS) <= {definition.name for definition in found}


def test_an_edition_differs_from_the_one_before() -> None:
    assert edition_of("edited", 1) != edition_of("edited", 2)


def test_two_strikes_of_one_name_are_refused() -> None:
    strike = next(iter(STRIKES.values()))
    with pytest.raises(ValueError, match="Two strikes"):
        by_name([strike, strike])
