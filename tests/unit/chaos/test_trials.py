"""What a guard's trial proves."""

import io

import pytest
from rich.console import Console

from chaos.campaign import Result
from chaos.checker.facts import Facts
from chaos.checker.violations import Violation
from chaos.guards import TRIALS
from chaos.journal import Journal
from chaos.trials import Outcome, print_outcomes, try_guards

BROKEN = [
    Violation("unsafe_calls_happen_once", "rbx_1", "It was called 2 times."),
    Violation("unsafe_calls_happen_once", "rbx_2", "It was called 3 times."),
]


def result(violations: list[Violation], left: str | None = None) -> Result:
    return Result(violations, Facts(), Journal(), left, 1.0, 1.0, ())


WHOLE, HURT, LEFT = result([]), result(BROKEN), result([], "1 executions")


@pytest.mark.parametrize(
    ("without", "with_it", "proven"),
    [
        (HURT, WHOLE, True),
        (LEFT, WHOLE, True),
        (WHOLE, WHOLE, False),
        (HURT, HURT, False),
        (HURT, LEFT, False),
    ],
)
def test_a_guard_is_proven_by_what_breaks_without_it_alone(
    without: Result, with_it: Result, proven: bool
) -> None:
    assert Outcome("fencing", without, with_it).is_proven is proven


def test_every_guard_is_tried_without_it_and_with_it() -> None:
    asked: list[str] = []

    def run(order: object) -> Result:
        asked.append(getattr(order, "without", "?"))
        return WHOLE

    outcomes = list(try_guards(1, run))
    assert [outcome.guard for outcome in outcomes] == list(TRIALS)
    assert asked == [name for guard in TRIALS for name in (guard, "")]


def test_the_list_says_what_broke_and_how_often() -> None:
    output = io.StringIO()
    print_outcomes([Outcome("fencing", HURT, WHOLE)], 1, Console(file=output, width=120))
    said = output.getvalue()
    assert "fencing" in said
    assert "unsafe_calls_happen_once 2: It was called 2 times." in said
    assert "nothing" in said
