"""Menus and their options.

https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element and .../multi-select-menu-element
"""

from collections.abc import Collection, Iterator
from typing import Any

from slack_sandbox.block_kit import limits
from slack_sandbox.block_kit.checks import PLAIN, Problem, Problems, list_of, require, string, text_object
from slack_sandbox.values import Json


def option(value: Json, at: str, kinds: Collection[str] = PLAIN) -> Problems:
    """Menus take plain text only: https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""
    yield from require(value, ["text", "value"], at)
    yield from text_object(value.get("text"), f"{at}/text", limits.OPTION_TEXT, kinds)
    yield from string(value.get("value"), f"{at}/value", limits.OPTION_VALUE, may_be_empty=True)
    yield from text_object(value.get("description"), f"{at}/description", limits.OPTION_DESCRIPTION, kinds)
    yield from string(value.get("url"), f"{at}/url", limits.BUTTON_URL)


def options(value: Any, at: str, most: int, kinds: Collection[str] = PLAIN, least: int = 1) -> Problems:
    found, problems = list_of(value, at, most, least)
    yield from problems
    for pointer, item in found:
        yield from option(item, pointer, kinds)


def option_groups(value: Any, at: str, least: int = 1) -> Problems:
    found, problems = list_of(value, at, limits.SELECT_OPTIONS, least)
    yield from problems
    for pointer, group in found:
        yield from require(group, ["label", "options"], pointer)
        yield from text_object(group.get("label"), f"{pointer}/label", limits.OPTION_GROUP_LABEL, PLAIN)
        yield from options(group.get("options"), f"{pointer}/options", limits.SELECT_OPTIONS)


def whole_number(value: Json, name: str, at: str, least: int, most: int) -> Problems:
    given = value.get(name)
    if given is None:
        return
    if not isinstance(given, int) or isinstance(given, bool) or not least <= given <= most:
        yield Problem(f"must be between {least} and {most}", f"{at}/{name}")


def _offered(value: Json) -> Iterator[Any]:
    for group in value.get("option_groups") or ():
        if isinstance(group, dict):
            yield from group.get("options") or ()
    yield from value.get("options") or ()


def _essence(item: Any) -> Any:
    """What must agree: the value and the words, not whether ``emoji`` is written out."""
    if not isinstance(item, dict) or not isinstance(item.get("text"), dict):
        return item
    return item.get("value"), item["text"].get("type"), item["text"].get("text")


def _is_offered(value: Json, item: Any) -> bool:
    return any(_essence(item) == _essence(other) for other in _offered(value))


def initial_option(value: Json, at: str) -> Problems:
    """It must be one of those that are offered."""
    chosen = value.get("initial_option")
    if chosen is not None and not _is_offered(value, chosen):
        yield Problem("must exactly match one of the options", f"{at}/initial_option")


def initial_options(value: Json, at: str, most: int = limits.SELECT_OPTIONS) -> Problems:
    if value.get("initial_options") is None:
        return
    found, problems = list_of(value["initial_options"], f"{at}/initial_options", most)
    yield from problems
    for pointer, item in found:
        if not _is_offered(value, item):
            yield Problem("must exactly match one of the options", pointer)


def _static(value: Json, at: str) -> Problems:
    given = [name for name in ("options", "option_groups") if value.get(name) is not None]
    if len(given) != 1:
        yield Problem("must provide either options or option_groups", at)
    if value.get("options") is not None:
        yield from options(value["options"], f"{at}/options", limits.SELECT_OPTIONS)
    if value.get("option_groups") is not None:
        yield from option_groups(value["option_groups"], f"{at}/option_groups")


def static_select(value: Json, at: str) -> Problems:
    yield from _static(value, at)
    yield from initial_option(value, at)


def multi_static_select(value: Json, at: str) -> Problems:
    yield from _static(value, at)
    yield from initial_options(value, at)
    yield from _selected_items(value, at)


def external_select(value: Json, at: str) -> Problems:
    yield from _asks_the_app(value, at)
    if value.get("initial_option") is not None:
        yield from options([value["initial_option"]], f"{at}/initial_option", 1)


def multi_external_select(value: Json, at: str) -> Problems:
    yield from _asks_the_app(value, at)
    yield from _selected_items(value, at)
    if value.get("initial_options") is not None:
        yield from options(value["initial_options"], f"{at}/initial_options", limits.SELECT_OPTIONS)


def _asks_the_app(value: Json, at: str) -> Problems:
    for name in ("options", "option_groups"):
        if value.get(name) is not None:
            yield Problem(f"invalid additional property: {name}", at)
    yield from whole_number(value, "min_query_length", at, 0, limits.OPTION_TEXT)


def _selected_items(value: Json, at: str) -> Problems:
    yield from whole_number(value, "max_selected_items", at, 1, limits.SELECT_OPTIONS)


def of_the_workspace(initial: str) -> Any:
    """A menu of people or channels; ``initial`` names its first choice, an id."""

    def check(value: Json, at: str) -> Problems:
        yield from string(value.get(initial), f"{at}/{initial}", limits.ACTION_ID)

    return check


def multi_of_the_workspace(initial: str) -> Any:
    def check(value: Json, at: str) -> Problems:
        yield from _selected_items(value, at)
        chosen = value.get(initial)
        if chosen is not None and not (
            isinstance(chosen, list) and all(isinstance(item, str) for item in chosen)
        ):
            yield Problem("must be a valid array of ids", f"{at}/{initial}")

    return check


def suggestion_problems(answer: Json) -> Problems:
    """What is wrong with an app's answer to a ``block_suggestion``; no options at all are fine.

    https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
    """
    given = [name for name in ("options", "option_groups") if answer.get(name) is not None]
    if len(given) != 1:
        yield Problem("must provide either options or option_groups", "/")
    if answer.get("options") is not None:
        yield from options(answer["options"], "/options", limits.SELECT_OPTIONS, least=0)
    if answer.get("option_groups") is not None:
        yield from option_groups(answer["option_groups"], "/option_groups", least=0)


MENUS = {
    "static_select": static_select,
    "external_select": external_select,
    "users_select": of_the_workspace("initial_user"),
    "conversations_select": of_the_workspace("initial_conversation"),
    "channels_select": of_the_workspace("initial_channel"),
}
MULTI_MENUS = {
    "multi_static_select": multi_static_select,
    "multi_external_select": multi_external_select,
    "multi_users_select": multi_of_the_workspace("initial_users"),
    "multi_conversations_select": multi_of_the_workspace("initial_conversations"),
    "multi_channels_select": multi_of_the_workspace("initial_channels"),
}
