"""Rules about polls."""

from dataclasses import replace

from chaos.checker.facts import Call

from .family import LOOKING, family
from .world import broken, card, minus, plus, unix

KEY = f"{LOOKING}.look"


def look(second: float) -> Call:
    return Call(unix(second), KEY, "later", "1", effect=True)


def test_a_question_about_a_look_is_a_violation() -> None:
    assert "looks_ask_nobody" in broken(plus(family(), "messages", card(f"verdict.{LOOKING}.0.1")))


def test_looks_that_are_too_close_are_a_violation() -> None:
    facts = minus(family(), "calls", family().calls_of[KEY][1:2])
    facts = plus(facts, "calls", look(1.5))
    assert broken(facts) == {"looks_keep_their_distance"}
    assert "looks_keep_their_distance" not in broken(replace(facts, outages=[(unix(1), unix(2))]))


def test_success_before_it_is_so_is_a_violation() -> None:
    assert broken(minus(family(), "calls", family().calls_of[KEY][:1])) == {"looks_end_when_it_is_so"}


def test_a_look_after_it_was_so_is_a_violation() -> None:
    facts = plus(family(), "calls", look(4.5))
    assert broken(facts) == {"looks_end_when_it_is_so"}
    assert broken(replace(facts, harms=[(unix(3.5), unix(3.5))])) == set()
