"""Interactive elements: buttons, menus, inputs. https://docs.slack.dev/reference/block-kit/block-elements"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sandbox.block_kit import limits
from slack_sandbox.block_kit.checks import PLAIN, Problem, Problems, list_of, require, string, text_object
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


def option(value: Json, at: str) -> Problems:
    yield from require(value, ["text", "value"], at)
    yield from text_object(value.get("text"), f"{at}/text", limits.OPTION_TEXT)
    yield from string(value.get("value"), f"{at}/value", limits.OPTION_VALUE, may_be_empty=True)
    yield from text_object(value.get("description"), f"{at}/description", limits.OPTION_DESCRIPTION)


def options(value: Any, at: str, most: int) -> Problems:
    found, problems = list_of(value, at, most)
    yield from problems
    for pointer, item in found:
        yield from option(item, pointer)


def option_groups(value: Any, at: str) -> Problems:
    found, problems = list_of(value, at, limits.SELECT_OPTIONS)
    yield from problems
    for pointer, group in found:
        yield from require(group, ["label", "options"], pointer)
        yield from text_object(group.get("label"), f"{pointer}/label", limits.OPTION_GROUP_LABEL, PLAIN)
        yield from options(group.get("options"), f"{pointer}/options", limits.SELECT_OPTIONS)


def static_select(value: Json, at: str) -> Problems:
    given = [name for name in ("options", "option_groups") if value.get(name) is not None]
    if len(given) != 1:
        yield Problem("must provide either options or option_groups", at)
    if value.get("options") is not None:
        yield from options(value["options"], f"{at}/options", limits.SELECT_OPTIONS)
    if value.get("option_groups") is not None:
        yield from option_groups(value["option_groups"], f"{at}/option_groups")


def choices(value: Json, at: str) -> Problems:
    yield from require(value, ["options"], at)
    yield from options(value.get("options"), f"{at}/options", limits.CHOICE_OPTIONS)


def overflow(value: Json, at: str) -> Problems:
    yield from require(value, ["options"], at)
    yield from options(value.get("options"), f"{at}/options", limits.OVERFLOW_OPTIONS)


def text_input(value: Json, at: str) -> Problems:
    yield from string(value.get("initial_value"), f"{at}/initial_value", limits.INPUT_TEXT, may_be_empty=True)
    for name in ("min_length", "max_length"):
        bound = value.get(name)
        if bound is not None and (not isinstance(bound, int) or not 0 <= bound <= limits.INPUT_TEXT):
            yield Problem(f"must be between 0 and {limits.INPUT_TEXT}", f"{at}/{name}")


def number_input(value: Json, at: str) -> Problems:
    yield from require(value, ["is_decimal_allowed"], at)


def image(value: Json, at: str) -> Problems:
    yield from require(value, ["alt_text"], at)
    yield from string(value.get("alt_text"), f"{at}/alt_text", limits.IMAGE_ALT_TEXT)
    yield from string(value.get("image_url"), f"{at}/image_url", limits.IMAGE_URL)
    if value.get("image_url") is None and value.get("slack_file") is None:
        yield Problem("missing required field: image_url", at)


def anything(_value: Json, _at: str) -> Problems:
    """An element without limits of its own."""
    yield from ()


MENUS = {
    "static_select": static_select,
    "external_select": anything,
    "users_select": anything,
    "conversations_select": anything,
    "channels_select": anything,
}
MULTI_MENUS = {f"multi_{name}": check for name, check in MENUS.items()}
PICKERS = {
    "checkboxes": choices,
    "radio_buttons": choices,
    "datepicker": anything,
    "timepicker": anything,
    "datetimepicker": anything,
}
TYPED = {
    "plain_text_input": text_input,
    "email_text_input": text_input,
    "url_text_input": text_input,
    "number_input": number_input,
    "rich_text_input": anything,
    "file_input": anything,
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
