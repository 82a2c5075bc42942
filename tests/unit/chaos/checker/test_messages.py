"""Rules about what Slack shows."""

from dataclasses import replace

from chaos.checker.facts import Facts, Freeze, Incident, Message

from .world import RUN, WAITING, at, broken, card, kept, minus, plus, with_card


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


def told_of(freeze: Freeze, *told: str) -> Facts:
    """The world with a freeze that its incident was told of, so often."""
    cards = [card(f"freeze.frz_1.{what}.inc_1", notice=f"ntc_{number}") for number, what in enumerate(told)]
    known = replace(kept(), freezes=[freeze], incidents=[Incident("inc_1", "i", "auto", at(0))])
    return plus(known, "messages", *cards)


def test_a_freeze_and_its_end_are_told_once_where_an_incident_was_there_before() -> None:
    freeze = Freeze("frz_1", at(16), at(17))
    assert broken(told_of(freeze, "begun", "lifted")) == set()
    for told in (("begun",), ("lifted",), ("begun", "begun", "lifted"), ("begun", "lifted", "lifted")):
        assert broken(told_of(freeze, *told)) == {"freezes_are_announced_once"}


def test_an_incident_that_came_with_the_freeze_may_not_have_heard_of_it_but_not_twice() -> None:
    early = Freeze("frz_1", at(14), at(14.5))
    assert broken(told_of(early)) == broken(told_of(early, "begun")) == set()
    assert broken(told_of(early, "begun", "begun")) == {"freezes_are_announced_once"}
