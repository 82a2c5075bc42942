"""Rules about what Slack shows."""

from dataclasses import replace

from chaos.checker.facts import Message

from .world import RUN, WAITING, broken, card, kept, minus, plus, with_card


def named(name: str) -> list[Message]:
    return [message for message in kept().messages if message.card == name]


def test_a_missing_headline_is_a_violation() -> None:
    assert broken(minus(kept(), "messages", named(f"headline.{RUN}"))) == {"one_headline_an_execution"}


def test_a_headline_that_stayed_behind_is_a_violation() -> None:
    assert broken(with_card(kept(), f"headline.{RUN}", status="running")) == {"one_headline_an_execution"}


def test_a_doubled_outcome_is_a_violation() -> None:
    twin = card(f"outcome.{RUN}", "succeeded", notice="ntc_other")
    assert broken(plus(kept(), "messages", twin)) == {"one_outcome_an_ending"}


def test_an_outcome_that_tells_another_end_is_a_violation() -> None:
    assert broken(with_card(kept(), f"outcome.{RUN}", status="failed")) == {"one_outcome_an_ending"}


def test_a_gate_without_a_message_is_a_violation() -> None:
    assert broken(minus(kept(), "messages", named("gate.apr_2"))) == {"one_message_a_gate"}


def test_a_closed_gate_that_still_has_buttons_is_a_violation() -> None:
    facts = with_card(kept(), "gate.apr_1", actions=frozenset({"approval.approve"}))
    assert broken(facts) == {"one_message_a_gate"}


def test_a_verdict_that_nobody_waits_for_is_a_violation() -> None:
    facts = plus(kept(), "messages", card(f"verdict.{RUN}.0.1", "succeeded", "verdict.ran"))
    assert broken(facts) == {"verdicts_are_asked_once"}


def test_a_verdict_that_is_asked_for_twice_is_a_violation() -> None:
    asked = [card(f"verdict.{WAITING}.0.1", notice=notice) for notice in ("ntc_1", "ntc_2")]
    assert broken(plus(kept(), "messages", *asked)) == {"verdicts_are_asked_once"}


def test_a_message_step_that_spoke_twice_is_a_violation() -> None:
    twin = replace(card("", text=f"tag-{RUN} came to told"), notice="ntc_other")
    assert broken(plus(kept(), "messages", twin)) == {"message_steps_speak_once"}


def test_a_message_that_was_posted_twice_is_a_violation() -> None:
    told = [card(f"detail.{RUN}.act", notice="ntc_detail")] * 2
    assert broken(plus(kept(), "messages", *told)) == {"nothing_is_posted_twice"}


def test_an_incident_without_a_card_is_a_violation() -> None:
    assert broken(minus(kept(), "messages", named("incident.inc_1"))) == {"one_card_an_incident"}
