"""What is counted, for whom, and what never is."""

from typing import Any

import pytest

from bot.limits import MOST_REMEMBERED, Remembered, RestLimits, SlackLimits
from core.errors import TooMany
from core.limits import Limits, Rate

ONE = Rate(1, 0.5)
LIMITS = Limits(
    commands_of_person=ONE, clicks_of_person=ONE, requests_of_person=ONE, bad_tokens_of_address=ONE
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def typed(text: str, trigger: str, user: str = "U1") -> dict[str, Any]:
    return {"command": "/runbook", "user_id": user, "text": text, "trigger_id": trigger}


def clicked(action_id: str, trigger: str) -> dict[str, Any]:
    action = {"action_id": action_id, "value": "x", "action_ts": trigger}
    return {"type": "block_actions", "user": {"id": "U1"}, "trigger_id": trigger, "actions": [action]}


def test_it_says_when_to_try_again_and_is_right_about_it() -> None:
    clock = Clock()
    limits = SlackLimits(LIMITS, clock)
    limits.check(typed("list", "1"))
    with pytest.raises(TooMany, match=r"Try again in 2 s\.") as refused:
        limits.check(typed("list", "2"))

    clock.now = refused.value.retry_after
    limits.check(typed("list", "3"))


def test_clicks_commands_and_people_are_counted_apart() -> None:
    limits = SlackLimits(LIMITS, Clock())

    limits.check(typed("list", "1"))
    limits.check(typed("list", "1"))  # the same delivery
    limits.check(typed("list", "2", "U2"))
    limits.check(clicked("approval.approve", "3"))
    with pytest.raises(TooMany, match="clicked"):
        limits.check(clicked("approval.approve", "4"))


@pytest.mark.parametrize("text", ["cancel", "cancel rbx_1", "CANCEL", "freeze web it burns"])
def test_what_stops_is_never_counted(text: str) -> None:
    limits = SlackLimits(LIMITS, Clock())
    for number in range(5):
        limits.check(typed(text, str(number)))
        limits.check(clicked("run.cancel", str(number)))
        limits.check({"type": "event_callback"})


def test_an_address_of_bad_tokens_is_refused_all_but_good_ones() -> None:
    limits = RestLimits(LIMITS, Clock())
    limits.count_token("10.0.0.1", "good", is_good=True)
    limits.count_token("10.0.0.1", "bad", is_good=False)

    with pytest.raises(TooMany):
        limits.check_address("10.0.0.1", "bad")
    limits.check_address("10.0.0.1", "good")
    limits.check_address("10.0.0.2", "bad")


def test_what_is_remembered_is_bounded() -> None:
    seen = Remembered()
    for number in range(MOST_REMEMBERED + 1):
        assert seen.add(str(number))

    assert "0" not in seen
    assert not seen.add(str(MOST_REMEMBERED))


def test_all_limits_are_raised_together() -> None:
    raised = Limits().times(10)

    assert raised.incidents_of_team == 600
    assert raised.commands_of_person == Rate(1200, 20)
