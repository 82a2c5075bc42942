"""The sandbox's limits are those of Slack's own library, and both refuse the same blocks."""

from collections.abc import Mapping
from typing import Any

import pytest
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models import blocks as sdk
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from slack_sandbox.block_kit import limits
from slack_sandbox.block_kit.blocks import block_problems
from slack_sandbox.block_kit.views import view_problems

SAME: Mapping[str, int] = {
    "BLOCK_ID": sdk.Block.block_id_max_length,
    "SECTION_TEXT": sdk.SectionBlock.text_max_length,
    "SECTION_FIELDS": sdk.SectionBlock.fields_max_length,
    "HEADER_TEXT": sdk.HeaderBlock.text_max_length,
    "CONTEXT_ELEMENTS": sdk.ContextBlock.elements_max_length,
    "ACTIONS_ELEMENTS": sdk.ActionsBlock.elements_max_length,
    "INPUT_LABEL": sdk.InputBlock.label_max_length,
    "INPUT_HINT": sdk.InputBlock.hint_max_length,
    "IMAGE_URL": sdk.ImageBlock.image_url_max_length,
    "IMAGE_ALT_TEXT": sdk.ImageBlock.alt_text_max_length,
    "IMAGE_TITLE": sdk.ImageBlock.title_max_length,
    "MARKDOWN_TEXT": sdk.MarkdownBlock.text_max_length,
    "ACTION_ID": sdk.InteractiveElement.action_id_max_length,
    "PLACEHOLDER": sdk.InputInteractiveElement.placeholder_max_length,
    "BUTTON_TEXT": sdk.ButtonElement.text_max_length,
    "BUTTON_URL": sdk.ButtonElement.url_max_length,
    "BUTTON_VALUE": sdk.ButtonElement.value_max_length,
    "OPTION_TEXT": sdk.Option.label_max_length,
    "OPTION_VALUE": sdk.Option.value_max_length,
    "OPTION_GROUP_LABEL": sdk.OptionGroup.label_max_length,
    "SELECT_OPTIONS": sdk.StaticSelectElement.options_max_length,
    "OVERFLOW_OPTIONS": sdk.OverflowMenuElement.options_max_length,
    "CONFIRM_TITLE": sdk.ConfirmObject.title_max_length,
    "CONFIRM_TEXT": sdk.ConfirmObject.text_max_length,
    "CONFIRM_BUTTON": sdk.ConfirmObject.confirm_max_length,
    "VIEW_BLOCKS": View.blocks_max_length,
    "MODAL_TITLE": View.title_max_length,
    "MODAL_BUTTON": View.submit_max_length,
    "PRIVATE_METADATA": View.private_metadata_max_length,
    "CALLBACK_ID": View.callback_id_max_length,
}


@pytest.mark.parametrize("name", SAME)
def test_a_limit_is_the_librarys(name: str) -> None:
    assert getattr(limits, name) == SAME[name]


def plain(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * length}


def option(length: int = 1, value: int = 1) -> dict[str, Any]:
    return {"text": plain(length), "value": "v" * value}


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain(1)} | fields


def acting(element: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": [element]}


def menu(count: int) -> dict[str, Any]:
    options = [option(value=number + 1) for number in range(count)]
    return acting({"type": "static_select", "action_id": "a", "options": options})


AT_THE_LIMIT: Mapping[str, tuple[Any, int]] = {
    "section": (lambda n: {"type": "section", "text": plain(n)}, limits.SECTION_TEXT),
    "fields": (lambda n: {"type": "section", "fields": [plain(1)] * n}, limits.SECTION_FIELDS),
    "header": (lambda n: {"type": "header", "text": plain(n)}, limits.HEADER_TEXT),
    "context": (lambda n: {"type": "context", "elements": [plain(1)] * n}, limits.CONTEXT_ELEMENTS),
    "button": (lambda n: acting(button(text=plain(n))), limits.BUTTON_TEXT),
    "value": (lambda n: acting(button(value="v" * n)), limits.BUTTON_VALUE),
    "menu": (menu, limits.SELECT_OPTIONS),
    "markdown": (lambda n: {"type": "markdown", "text": "x" * n}, limits.MARKDOWN_TEXT),
}


@pytest.mark.parametrize("name", AT_THE_LIMIT)
def test_both_take_what_is_at_the_limit_and_refuse_one_more(name: str) -> None:
    make, most = AT_THE_LIMIT[name]
    assert block_problems([make(most)]) == []
    assert is_taken_by_the_library(make(most))
    assert block_problems([make(most + 1)]) != []
    assert not is_taken_by_the_library(make(most + 1))


def is_taken_by_the_library(block: dict[str, Any]) -> bool:
    parsed = Block.parse(block)
    assert parsed is not None
    try:
        parsed.to_dict()
        for element in getattr(parsed, "elements", None) or ():
            element.to_dict()
    except SlackObjectFormationError:
        return False
    return True


@pytest.mark.parametrize(("length", "is_fine"), [(24, True), (25, False)])
def test_a_modals_title(length: int, is_fine: bool) -> None:
    view: dict[str, Any] = {"type": "modal", "title": plain(length), "blocks": [{"type": "divider"}]}
    assert (list(view_problems(view)) == []) is is_fine
    if is_fine:
        View(**view).to_dict()
    else:
        with pytest.raises(SlackObjectFormationError, match="title"):
            View(**view).to_dict()
