import pytest

from slack_sandbox.values import SlackError
from slack_sandbox.workspace.content import checked_content


def test_text_alone_is_enough() -> None:
    assert checked_content("hello", None, None).text == "hello"


def test_blocks_alone_are_enough_and_get_their_ids() -> None:
    [block] = checked_content("", [{"type": "divider"}], None).blocks
    assert block["block_id"]


@pytest.mark.parametrize("text", ["", "   "])
def test_a_message_without_content_is_refused(text: str) -> None:
    with pytest.raises(SlackError, match="no_text"):
        checked_content(text, [], [])


def test_40000_characters_are_the_limit_of_a_text() -> None:
    checked_content("x" * 40_000, None, None)
    with pytest.raises(SlackError, match="msg_too_long"):
        checked_content("x" * 40_001, None, None)


def test_bad_blocks_are_refused_with_their_problems() -> None:
    with pytest.raises(SlackError, match="invalid_blocks") as refused:
        checked_content("x", [{"type": "header"}], None)
    assert refused.value.messages == ("missing required field: text [json-pointer:/blocks/0]",)


def test_blocks_that_are_no_list_are_refused() -> None:
    with pytest.raises(SlackError, match="invalid_blocks_format"):
        checked_content("x", {"type": "divider"}, None)


def test_a_hundred_attachments_are_the_limit() -> None:
    checked_content("", None, [{"text": "x"}] * 100)
    with pytest.raises(SlackError, match="too_many_attachments"):
        checked_content("", None, [{"text": "x"}] * 101)
