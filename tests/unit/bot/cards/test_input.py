"""The card of a step that asks for values: open, answered, expired, cancelled; within Slack's limits."""

from datetime import timedelta
from typing import Any

import pytest

from bot.cards.input import input_card
from core.statuses import InputStatus, Status, WaitingFor
from core.views.executions import ExecutionView, InputView
from tests.unit.bot.cards.building import NOW, assert_slack_takes, elements, execution, markups


def asked(**changes: Any) -> InputView:
    values: dict[str, Any] = {
        "id": "inp_1",
        "execution_id": "rbx_1",
        "step": "which",
        "attempt": 1,
        "status": InputStatus.OPEN,
        "message": "Which replica?",
        "schema": {"properties": {"replica": {"type": "string"}}},
        "respondents": "a responder of team database, or <@U0DBA>",
        "values": None,
        "answered_by": None,
        "opened_at": NOW,
        "expires_at": NOW + timedelta(minutes=15),
        "closed_at": None,
    }
    return InputView(**values | changes)


def waiting(**changes: Any) -> ExecutionView:
    return execution(status=Status.WAITING, waiting_for=WaitingFor.INPUT, **changes)


def test_an_open_one_asks_says_who_may_answer_and_has_the_button() -> None:
    card = input_card(waiting(), asked())
    assert_slack_takes(card)
    assert "Which replica?" in card.text
    said = "\n".join(markups(card.blocks))
    assert "May answer: a responder of team database, or <@U0DBA>. Until" in said
    assert {name: each["value"] for name, each in elements(card).items()} == {"input.answer": "inp_1"}


def test_an_answered_one_shows_the_values_and_by_whom() -> None:
    given = {"replica": "db-2", "drain": True, "note": "<!channel> `x` \u202e"}
    answered = asked(status="answered", values=given, answered_by="U0DBA", closed_at=NOW)
    card = input_card(execution(), answered)
    assert_slack_takes(card)
    said = "\n".join(markups(card.blocks))
    assert "Values entered by <@U0DBA> at" in said
    assert "replica: `db-2`" in said
    assert "drain: `true`" in said
    assert "<!channel>" not in said
    assert "\u202e" not in said
    assert elements(card) == {}


@pytest.mark.parametrize(
    ("status", "words"),
    [("expired", "Expired, nobody entered values in time"), ("cancelled", "Values no longer needed")],
)
def test_a_closed_one_says_why(status: str, words: str) -> None:
    card = input_card(execution(), asked(status=status, closed_at=NOW))
    assert_slack_takes(card)
    assert words in card.text


def test_however_much_is_entered_the_card_stays_within_slacks_limits() -> None:
    given = {f"name_{number}": "&" * 10_000 for number in range(200)}
    answered = asked(status="answered", values=given, answered_by="U0DBA", closed_at=NOW)
    card = input_card(execution(), asked(message="<" * 9_000))
    assert_slack_takes(card)
    card = input_card(execution(), answered)
    assert_slack_takes(card)
    assert "… 180 more" in "\n".join(markups(card.blocks))
