"""The report's figures."""

import io
import time

from rich.console import Console

from chaos.campaign import Order, Result
from chaos.checker.facts import Delivery, Facts
from chaos.journal import Journal, Recovery
from chaos.process_group import Death
from chaos.report import percentile, print_report, spread, strikes_by_fault

NOW = time.time()


def test_a_percentile_is_the_nearest_rank() -> None:
    assert [percentile([3, 1, 2, 4], share) for share in (0, 0.5, 0.95, 1)] == [1, 3, 4, 4]


def test_a_spread_says_four_of_them_or_that_there_are_none() -> None:
    assert spread([1.0, 2.0]) == "p50 2.00 s, p95 2.00 s, p99 2.00 s, max 2.00 s"
    assert spread([]) == "–"


def report(journal: Journal, facts: Facts, **order: float) -> str:
    output = io.StringIO()
    result = Result([], facts, journal, None, 60.0, 5.0, ())
    print_report(Order(1, (), **order), result, Console(file=output, width=200))  # type: ignore[arg-type]
    return output.getvalue()


def test_a_death_of_a_strike_that_was_played_is_not_counted_again() -> None:
    journal = Journal()
    journal.struck("kill-any", NOW)
    for fault in ("kill-any", "kill-at-point"):
        journal.died(Death("web-1", "web", 1, NOW, fault, -9))
    counts = {
        fault: len(times)
        for fault, times in strikes_by_fault(Result([], Facts(), journal, None, 1, 1, ())).items()
    }
    assert counts == {"kill-any": 1, "kill-at-point": 1}


def test_answers_without_redis_and_recoveries_are_summed_up() -> None:
    journal = Journal()
    journal.recovered(Recovery("kill-any", "rbx_1", 11.5))
    slow = Delivery(1, 15.0, "slash_commands", "acknowledged", 3.5)
    said = report(journal, Facts(deliveries=[slow], redis_away=[(10.0, 20.0)]))
    assert "whose worker was lost (1): p50 11.50 s" in said
    assert "while Redis was down (1)" in said
    assert "over 3 s: 1" in said


def test_every_promise_has_its_line() -> None:
    said = report(Journal(), Facts())
    for sentence in (
        "executions lost or duplicated: 0",
        "unsafe steps called twice: 0",
        "messages missing or duplicated: 0",
    ):
        assert f"{sentence} (checked 0)" in said


def test_a_lifted_pace_is_said() -> None:
    assert "posters ran at 40 times" in report(Journal(), Facts(), hurry=40.0)
    assert "posters" not in report(Journal(), Facts())
