"""Blocks of a message or a view. https://docs.slack.dev/reference/block-kit/blocks"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from slack_sandbox.block_kit import limits
from slack_sandbox.block_kit.checks import (
    ANY_TEXT,
    PLAIN,
    Problem,
    Problems,
    list_of,
    require,
    string,
    text_object,
    unique,
)
from slack_sandbox.block_kit.elements import IN_ACTIONS, IN_INPUT, IN_SECTION, anything, element, image
from slack_sandbox.values import Json


def section(value: Json, at: str) -> Problems:
    if value.get("text") is None and not value.get("fields"):
        yield Problem("missing required field: text", at)
    yield from text_object(value.get("text"), f"{at}/text", limits.SECTION_TEXT)
    if value.get("fields") is not None:
        found, problems = list_of(value["fields"], f"{at}/fields", limits.SECTION_FIELDS)
        yield from problems
        for pointer, field in found:
            yield from text_object(field, pointer, limits.SECTION_FIELD_TEXT)
    if value.get("accessory") is not None:
        yield from element(value["accessory"], f"{at}/accessory", IN_SECTION)


def header(value: Json, at: str) -> Problems:
    yield from require(value, ["text"], at)
    yield from text_object(value.get("text"), f"{at}/text", limits.HEADER_TEXT, PLAIN)


def context(value: Json, at: str) -> Problems:
    found, problems = list_of(value.get("elements"), f"{at}/elements", limits.CONTEXT_ELEMENTS)
    yield from problems
    for pointer, item in found:
        if item.get("type") == "image":
            yield from image(item, pointer)
        elif item.get("type") in ANY_TEXT:
            yield from text_object(item, pointer)
        else:
            yield Problem(f"unsupported type: {item.get('type')}", f"{pointer}/type")


def actions(value: Json, at: str) -> Problems:
    found, problems = list_of(value.get("elements"), f"{at}/elements", limits.ACTIONS_ELEMENTS)
    yield from problems
    for pointer, item in found:
        yield from element(item, pointer, IN_ACTIONS)
    named = ((f"{pointer}/action_id", item["action_id"]) for pointer, item in found if item.get("action_id"))
    yield from unique(named, "action_id")


def input_block(value: Json, at: str) -> Problems:
    yield from require(value, ["label", "element"], at)
    yield from text_object(value.get("label"), f"{at}/label", limits.INPUT_LABEL, PLAIN)
    yield from text_object(value.get("hint"), f"{at}/hint", limits.INPUT_HINT, PLAIN)
    if value.get("element") is not None:
        yield from element(value["element"], f"{at}/element", IN_INPUT)


def image_block(value: Json, at: str) -> Problems:
    yield from image(value, at)
    yield from text_object(value.get("title"), f"{at}/title", limits.IMAGE_TITLE, PLAIN)


def markdown(value: Json, at: str) -> Problems:
    yield from require(value, ["text"], at)
    yield from string(value.get("text"), f"{at}/text", limits.MARKDOWN_TEXT)


def rich_text(value: Json, at: str) -> Problems:
    _, problems = list_of(value.get("elements"), f"{at}/elements", most=1000, least=0)
    yield from problems


BLOCKS: Mapping[str, Callable[[Json, str], Problems]] = {
    "section": section,
    "header": header,
    "context": context,
    "actions": actions,
    "input": input_block,
    "image": image_block,
    "markdown": markdown,
    "rich_text": rich_text,
    "divider": anything,
    "table": anything,
    "video": anything,
    "file": anything,
}


def block(value: Json, at: str) -> Problems:
    check = BLOCKS.get(str(value.get("type")))
    if check is None:
        yield Problem(f"unsupported type: {value.get('type')}", f"{at}/type")
        return
    yield from string(value.get("block_id"), f"{at}/block_id", limits.BLOCK_ID)
    yield from check(value, at)


def block_problems(value: Any, at: str = "/blocks", most: int = limits.MESSAGE_BLOCKS) -> list[Problem]:
    """Everything that Slack would refuse in these blocks; an empty list when they are fine."""
    found, problems = list_of(value, at, most, least=0)
    for pointer, item in found:
        problems.extend(block(item, pointer))
    problems.extend(unique(_block_ids(found), "block_id"))
    problems.extend(_focus(found))
    return problems


def _focus(found: list[tuple[str, Json]]) -> Problems:
    """https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element, ``focus_on_load``"""
    wanting = [
        f"{pointer}/element/focus_on_load"
        for pointer, item in found
        if isinstance(item.get("element"), dict) and item["element"].get("focus_on_load") is True
    ]
    for pointer in wanting[1:]:
        yield Problem("only one element can have focus_on_load", pointer)


def _block_ids(found: list[tuple[str, Json]]) -> Iterator[tuple[str, str]]:
    for pointer, item in found:
        if isinstance(item.get("block_id"), str):
            yield f"{pointer}/block_id", item["block_id"]
