"""Interactive elements: buttons, menus, inputs. https://docs.slack.dev/reference/block-kit/block-elements"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_sandbox.block_kit import limits
from slack_sandbox.block_kit.checks import ANY_TEXT, PLAIN, Problem, Problems, require, string, text_object
from slack_sandbox.block_kit.menus import (
    MENUS,
    MULTI_MENUS,
    initial_option,
    initial_options,
    options,
    whole_number,
)
from slack_sandbox.values import Json


def confirmation(value: Any, at: str) -> Problems:
    if value is None:
        return
    if not isinstance(value, dict):
        yield Problem("must provide an object", at)
        return
    yield from text_object(value.get("title"), f"{at}/title", limits.CONFIRM_TITLE, PLAIN)
    yield from text_object(value.get("text"), f"{at}/text", limits.CONFIRM_TEXT)
    yield from text_object(value.get("confirm"), f"{at}/confirm", limits.CONFIRM_BUTTON, PLAIN)
    yield from text_object(value.get("deny"), f"{at}/deny", limits.CONFIRM_BUTTON, PLAIN)


def button(value: Json, at: str) -> Problems:
    yield from require(value, ["text"], at)
    yield from text_object(value.get("text"), f"{at}/text", limits.BUTTON_TEXT, PLAIN)
    yield from string(value.get("url"), f"{at}/url", limits.BUTTON_URL)
    yield from string(value.get("value"), f"{at}/value", limits.BUTTON_VALUE, may_be_empty=True)
    yield from string(
        value.get("accessibility_label"), f"{at}/accessibility_label", limits.ACCESSIBILITY_LABEL
    )
    if value.get("style") not in (None, "primary", "danger"):
        yield Problem("must be one of: primary, danger", f"{at}/style")


def choices(value: Json, at: str) -> Problems:
    yield from require(value, ["options"], at)
    yield from options(value.get("options"), f"{at}/options", limits.CHOICE_OPTIONS, ANY_TEXT)


def checkboxes(value: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/checkboxes-element"""
    yield from choices(value, at)
    yield from initial_options(value, at, most=limits.CHOICE_OPTIONS)


def radio_buttons(value: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/radio-button-group-element"""
    yield from choices(value, at)
    yield from initial_option(value, at)


def overflow(value: Json, at: str) -> Problems:
    yield from require(value, ["options"], at)
    yield from options(value.get("options"), f"{at}/options", limits.OVERFLOW_OPTIONS)


def matching(value: Json, name: str, pattern: str, wanted: str, at: str) -> Problems:
    given = value.get(name)
    if given is not None and not (isinstance(given, str) and re.fullmatch(pattern, given)):
        yield Problem(f"must be {wanted}", f"{at}/{name}")


def date_picker(value: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/date-picker-element"""
    yield from matching(value, "initial_date", r"\d{4}-\d{2}-\d{2}", "a date in the format YYYY-MM-DD", at)


def time_picker(value: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/time-picker-element"""
    yield from matching(value, "initial_time", r"([01]\d|2[0-3]):[0-5]\d", "a time in the format HH:mm", at)


def datetime_picker(value: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/datetime-picker-element"""
    given = value.get("initial_date_time")
    if given is not None and not (isinstance(given, int) and len(str(given)) == limits.UNIX_TIME_DIGITS):
        yield Problem("must be a UNIX timestamp of 10 digits", f"{at}/initial_date_time")


def initial_text(value: Json, at: str) -> Problems:
    yield from string(value.get("initial_value"), f"{at}/initial_value", limits.INPUT_TEXT, may_be_empty=True)


def text_input(value: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element"""
    yield from initial_text(value, at)
    if value.get("multiline") not in (None, True, False):
        yield Problem("must be a boolean", f"{at}/multiline")
    yield from whole_number(value, "min_length", at, 0, limits.INPUT_TEXT)
    yield from whole_number(value, "max_length", at, 1, limits.INPUT_TEXT)


def number_input(value: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/number-input-element"""
    yield from require(value, ["is_decimal_allowed"], at)
    for name in ("initial_value", "min_value", "max_value"):
        yield from matching(value, name, r"-?\d+(\.\d+)?", "a number, as a string", at)


def file_input(value: Json, at: str) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/file-input-element"""
    yield from whole_number(value, "max_files", at, 1, limits.INPUT_FILES)


def image(value: Json, at: str) -> Problems:
    yield from require(value, ["alt_text"], at)
    yield from string(value.get("alt_text"), f"{at}/alt_text", limits.IMAGE_ALT_TEXT)
    yield from string(value.get("image_url"), f"{at}/image_url", limits.IMAGE_URL)
    if value.get("image_url") is None and value.get("slack_file") is None:
        yield Problem("missing required field: image_url", at)


def anything(_value: Json, _at: str) -> Problems:
    """An element without limits of its own."""
    yield from ()


PICKERS = {
    "checkboxes": checkboxes,
    "radio_buttons": radio_buttons,
    "datepicker": date_picker,
    "timepicker": time_picker,
    "datetimepicker": datetime_picker,
}
TYPED = {
    "plain_text_input": text_input,
    "email_text_input": initial_text,
    "url_text_input": initial_text,
    "number_input": number_input,
    "rich_text_input": anything,
    "file_input": file_input,
}
BUTTONS = {"button": button, "overflow": overflow, "workflow_button": button}

Elements = Mapping[str, Callable[[Json, str], Problems]]
IN_ACTIONS: Elements = {**BUTTONS, **MENUS, **PICKERS, "rich_text_input": anything}
IN_SECTION: Elements = {**BUTTONS, **MENUS, **MULTI_MENUS, **PICKERS, "image": image}
IN_INPUT: Elements = {**MENUS, **MULTI_MENUS, **PICKERS, **TYPED}


def element(value: Any, at: str, allowed: Elements) -> Problems:
    """One element, where only the ``allowed`` types may stand."""
    if not isinstance(value, dict):
        yield Problem("must provide an object", at)
        return
    check = allowed.get(str(value.get("type")))
    if check is None:
        yield Problem(f"unsupported type: {value.get('type')}", f"{at}/type")
        return
    yield from string(value.get("action_id"), f"{at}/action_id", limits.ACTION_ID)
    yield from text_object(value.get("placeholder"), f"{at}/placeholder", limits.PLACEHOLDER, PLAIN)
    yield from confirmation(value.get("confirm"), f"{at}/confirm")
    yield from check(value, at)
