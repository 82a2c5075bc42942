import pytest

from slack_sandbox.interactions.elements import action_object, current_values, find_element
from slack_sandbox.values import Json, SlackError

BUTTON: Json = {
    "type": "button",
    "action_id": "approval.approve",
    "text": {"type": "plain_text", "text": "Approve"},
    "value": "rbx_1",
}
ONE: Json = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
SELECT: Json = {"type": "static_select", "action_id": "pick", "options": [ONE], "initial_option": ONE}
TYPED: Json = {"type": "plain_text_input", "action_id": "say"}
BLOCKS: list[Json] = [
    {"type": "actions", "block_id": "buttons", "elements": [BUTTON, SELECT]},
    {"type": "input", "block_id": "reason", "element": TYPED},
]


def test_the_value_of_a_button_is_the_apps_whatever_the_page_says() -> None:
    action = action_object(BUTTON, "buttons", {"value": "forged", "type": "button"}, "1.000000")
    assert action == {**BUTTON, "block_id": "buttons", "action_ts": "1.000000"}


def test_the_choice_in_a_menu_is_the_persons() -> None:
    action = action_object(SELECT, "buttons", {"selected_option": ONE, "value": "ignored"}, "1.000000")
    assert action["selected_option"] == ONE
    assert "value" not in action


@pytest.mark.parametrize(("block_id", "action_id"), [("buttons", "gone"), ("gone", "pick")])
def test_an_element_that_is_not_there_cannot_be_used(block_id: str, action_id: str) -> None:
    with pytest.raises(SlackError, match="invalid_action"):
        find_element(BLOCKS, block_id, action_id)


def test_the_state_begins_with_what_the_app_preset() -> None:
    assert current_values(BLOCKS, {}) == {
        "buttons": {"pick": {"type": "static_select", "selected_option": ONE}},
        "reason": {"say": {"type": "plain_text_input", "value": None}},
    }


def test_the_state_has_what_was_entered_and_nothing_unknown() -> None:
    entered = {"reason": {"say": {"type": "plain_text_input", "value": "because"}, "else": {"value": "x"}}}
    values = current_values(BLOCKS, entered)
    assert values["reason"] == {"say": {"type": "plain_text_input", "value": "because"}}


def test_the_state_has_the_choice_just_made() -> None:
    two = {**ONE, "value": "2"}
    action = action_object(SELECT, "buttons", {"selected_option": two}, "1.000000")
    assert current_values(BLOCKS, {}, action)["buttons"]["pick"]["selected_option"] == two
