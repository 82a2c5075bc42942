"""A run that asks for values half way, with the processes of an installation: in a form, and whoever dies meanwhile."""

import pytest

from cli.demo.stage import APPROVER, REQUESTER
from core.statuses import Status, WaitingFor
from tests.acceptance.processes.theatre import AFTER, BEFORE, Theatre

pytestmark = pytest.mark.timeout(240)  # leases are waited for, on a machine that has other things to do


def test_values_are_entered_in_a_form_and_no_death_of_a_worker_loses_them(theatre: Theatre) -> None:
    channel = theatre.open_incident("which cache")
    execution_id = theatre.run(channel, "with-a-question")
    [card] = theatre.until("the question", lambda: theatre.cards(channel, "input"))
    assert theatre.see(execution_id).waiting_for is WaitingFor.INPUT
    assert "Which cache is flushed next?" in card["text"]
    theatre.kill_workers()

    theatre.sandbox.press(REQUESTER, channel, card, "input.answer")
    form = theatre.until("the form", lambda: theatre.form(REQUESTER))
    wrong = theatre.submit(REQUESTER, form, cache="orders")
    assert list(wrong) == ["parameter.cache"]
    assert theatre.see(execution_id).waiting_for is WaitingFor.INPUT
    assert theatre.submit(REQUESTER, form, cache="catalog", note="the cold one") == {}
    assert theatre.form(REQUESTER) == {}
    theatre.kill_workers()

    assert "succeeded" in theatre.outcome(channel)["text"]
    assert theatre.paths(execution_id) == [BEFORE, AFTER]
    seen = theatre.see(execution_id)
    assert [step.status for step in seen.steps] == [Status.SUCCEEDED] * 4
    entered = {"cache": "catalog", "note": "the cold one"}
    assert seen.steps[1].output == {"values": entered, "by": f"<@{REQUESTER}>"}
    [told] = theatre.until(
        "the card to show it",
        lambda: [card for card in theatre.cards(channel, "input") if "Values entered" in card["text"]],
    )
    assert "cache: `catalog`" in told["text"]


def test_the_second_answer_is_refused_and_says_who_answered(theatre: Theatre) -> None:
    channel = theatre.open_incident("which cache twice")
    execution_id = theatre.run(channel, "with-a-question")
    [card] = theatre.until("the question", lambda: theatre.cards(channel, "input"))
    theatre.sandbox.press(APPROVER, channel, card, "input.answer")
    late = theatre.until("the form", lambda: theatre.form(APPROVER))
    theatre.sandbox.press(REQUESTER, channel, card, "input.answer")
    first = theatre.until("the form", lambda: theatre.form(REQUESTER))
    assert theatre.submit(REQUESTER, first, cache="sessions") == {}
    assert theatre.submit(APPROVER, late, cache="catalog") == {}
    refused = theatre.form(APPROVER)
    assert f"<@{REQUESTER}> has already answered this on" in str(refused["blocks"])
    assert "succeeded" in theatre.outcome(channel)["text"]
    assert theatre.paths(execution_id) == [BEFORE, BEFORE]
