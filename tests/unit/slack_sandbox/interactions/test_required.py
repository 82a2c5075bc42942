from typing import Any

import pytest

from slack_sandbox.interactions.elements import input_errors


def errors_for(value: Any, optional: bool = False) -> dict[str, str]:
    element = {"type": "plain_text_input", "action_id": "say", "min_length": 3, "max_length": 5}
    block = {"type": "input", "block_id": "reason", "element": element, "optional": optional}
    return input_errors([block], {"reason": {"say": {"value": value}}})


@pytest.mark.parametrize("value", [None, ""])
def test_a_required_field_must_be_filled(value: str | None) -> None:
    assert errors_for(value) == {"reason": "Please complete this required field."}


def test_an_optional_field_may_be_empty() -> None:
    assert errors_for(None, optional=True) == {}


def test_the_length_of_a_text_is_checked() -> None:
    assert errors_for("ab") == {"reason": "Please enter at least 3 characters."}
    assert errors_for("abcdef") == {"reason": "Please enter at most 5 characters."}
    assert errors_for("abc") == {}
