"""Rules about requests for values."""

from dataclasses import replace
from typing import Any

import pytest

from chaos.checker.facts import Entry, Facts

from .family import LOOKING, family
from .world import audit, broken, card, minus, plus, with_card, with_step


def asked(**changes: Any) -> Facts:
    return replace(family(), inputs=[replace(family().inputs[0], **changes)])


@pytest.mark.parametrize(
    "changes",
    [
        {"values": {"note": "n2"}},  # which Anna entered
        {"answered_by": "U0ANNA"},
        {"status": "expired"},
        {"values": None},
    ],
)
def test_values_that_are_not_what_the_person_entered_are_a_violation(changes: dict[str, Any]) -> None:
    assert "values_are_what_was_entered" in broken(asked(**changes))


def test_a_step_with_other_values_is_a_violation() -> None:
    facts = with_step(family(), f"{LOOKING}.which", output={"values": {"note": "n2"}})
    assert broken(facts) == {"values_are_what_was_entered"}


def test_values_that_were_accepted_but_do_not_count_are_a_violation() -> None:
    facts = plus(family(), "entries", Entry("inp_1", "U0ANNA", "n3", True))
    assert broken(facts) == {"accepted_values_count"}


def test_an_answer_that_is_recorded_twice_or_not_at_all_is_a_violation() -> None:
    entry = next(each for each in family().audit if each.action == "input.answered")
    again = audit(50, "input.answered", LOOKING, input="inp_1", values={"note": "n1"})
    assert broken(plus(family(), "audit", again)) == {"answers_are_recorded_once"}
    assert broken(minus(family(), "audit", [entry])) == {"answers_are_recorded_once"}


def test_an_open_request_that_nobody_waits_for_is_a_violation() -> None:
    assert "open_requests_are_waited_for" in broken(asked(status="open", values=None, answered_by=None))


def test_a_request_with_two_messages_or_a_button_too_many_is_a_violation() -> None:
    again = card("input.inp_1", notice="ntc_again")
    assert broken(plus(family(), "messages", again)) == {"one_message_a_request"}
    facts = with_card(family(), "input.inp_1", actions=frozenset({"input.answer"}))
    assert broken(facts) == {"one_message_a_request"}
