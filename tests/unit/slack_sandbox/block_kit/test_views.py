from typing import Any

import pytest

from slack_sandbox.block_kit.views import checked_view
from slack_sandbox.values import Json, SlackError


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def modal(**fields: Any) -> Json:
    return {"type": "modal", "title": plain(5), "blocks": [{"type": "divider"}], **fields}


INPUT: Json = {
    "type": "input",
    "label": plain(5),
    "element": {"type": "plain_text_input", "action_id": "say"},
}


@pytest.mark.parametrize(
    "view",
    [
        modal(title=plain(24), submit=plain(24), close=plain(24), private_metadata="x" * 3000),
        modal(blocks=[{"type": "divider"}] * 100),
        modal(blocks=[INPUT], submit=plain(3)),
        modal(callback_id="x" * 255, external_id="x" * 255),
    ],
)
def test_a_view_at_the_limit_is_accepted(view: Json) -> None:
    assert checked_view(view) == view


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        ({"type": "modal"}, "missing required field: title [json-pointer:/view]"),
        (modal(title=plain(25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (modal(submit=plain(25)), "must be less than 25 characters [json-pointer:/view/submit/text]"),
        (modal(close=plain(25)), "must be less than 25 characters [json-pointer:/view/close/text]"),
        (
            modal(private_metadata="x" * 3001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        (
            modal(blocks=[{"type": "divider"}] * 101),
            "no more than 100 items allowed [json-pointer:/view/blocks]",
        ),
        (modal(blocks=[INPUT]), "missing required field: submit [json-pointer:/view]"),
        ("text", "must provide an object [json-pointer:/view]"),
    ],
)
def test_a_view_beyond_the_limit_is_refused_with_the_place(view: Any, problem: str) -> None:
    with pytest.raises(SlackError, match="invalid_arguments") as refused:
        checked_view(view)
    assert problem in refused.value.messages


def test_a_view_of_more_than_250_kilobytes_is_too_large() -> None:
    huge = [{"type": "section", "text": {"type": "mrkdwn", "text": "ü" * 2900}} for _ in range(60)]
    with pytest.raises(SlackError, match="view_too_large"):
        checked_view(modal(blocks=huge))
