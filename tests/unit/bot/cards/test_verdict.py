from typing import Any

import pytest

from bot.cards.blocks import Message
from bot.cards.verdict import verdict
from core.statuses import Status, WaitingFor
from core.views.executions import ExecutionView
from tests.unit.bot.cards.building import done, elements, execution, shown, step

REQUEST = {
    "method": "POST",
    "url": "https://db.example/promote",
    "body": '{"lag": 2}',
    "key": "rbx_1.promote",
}
LOST = "The worker was lost while this step ran. Nobody knows whether it happened."


def in_doubt(**changes: Any) -> ExecutionView:
    doubtful = step("promote", Status.UNKNOWN, attempt=1, request=REQUEST, error=LOST)
    values: dict[str, Any] = {"status": Status.WAITING, "waiting_for": WaitingFor.VERDICT}
    return execution(done(), doubtful, **values | changes)


def answered(**changes: Any) -> Message:
    status = changes.pop("run", Status.RUNNING)
    return verdict(execution(done(), step("promote", **changes), status=status), 1, 1)


def test_the_text_alone_asks_and_says_why() -> None:
    text = verdict(in_doubt(), 1, 1).text
    assert (
        text
        == f"❓ Did step promote of db-failover v3 (inc-12) happen? {LOST} Check the target system, then answer."
    )


def test_the_request_is_shown_as_code() -> None:
    assert '```\nPOST https://db.example/promote\n{"lag": 2}\n```' in shown(verdict(in_doubt(), 1, 1))


def test_a_command_is_shown_as_it_would_be_typed() -> None:
    doubtful = step("check", Status.UNKNOWN, attempt=1, request={"argv": ["dbctl", "check", "two words"]})
    view = execution(doubtful, status=Status.WAITING, waiting_for=WaitingFor.VERDICT)
    assert "```\ndbctl check 'two words'\n```" in shown(verdict(view, 0, 1))


def test_three_answers_are_offered_and_running_again_warns() -> None:
    buttons = elements(verdict(in_doubt(), 1, 1))
    assert list(buttons) == ["verdict.ran", "verdict.did_not_run", "verdict.run_again"]
    assert {button["value"] for button in buttons.values()} == {"rbx_1:promote:1"}
    assert "twice" in buttons["verdict.run_again"]["confirm"]["text"]["text"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"status": Status.SUCCEEDED, "attempt": 1, "output": {"verdict": "ran", "by": "<@U1>"}},
            "✅ it ran, according to <@U1>.",
        ),
        (
            {"status": Status.FAILED, "attempt": 1, "error": "It did not run, according to <@U1>."},
            "❌ It did not run, according to <@U1>.",
        ),
        ({"status": Status.PENDING, "attempt": 1}, "🔁 run again."),
        ({"status": Status.RUNNING, "attempt": 2}, "🔁 run again."),
        ({"status": Status.UNKNOWN, "attempt": 2}, "🔁 run again."),
        (
            {"status": Status.UNKNOWN, "attempt": 1, "run": Status.CANCELLED},
            "🚫 no answer is needed any more",
        ),
    ],
)
def test_once_answered_the_buttons_are_gone_and_the_answer_is_said(
    changes: dict[str, Any], words: str
) -> None:
    message = answered(**changes)
    assert elements(message) == {}
    assert words in shown(message)
    assert words in message.text
