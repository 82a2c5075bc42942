from typing import Any

import pytest

from slack_sandbox.block_kit.blocks import block_problems
from slack_sandbox.values import Json


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def section(length: int) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}}


def button(**fields: Any) -> Json:
    return {"type": "button", "text": plain(5), "action_id": "go", **fields}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def options(count: int, text: int = 3, value: int = 3) -> list[Json]:
    return [{"text": plain(text), "value": "v" * value} for _ in range(count)]


def select(**fields: Any) -> Json:
    return actions({"type": "static_select", "action_id": "pick", **fields})


def text_input(**fields: Any) -> Json:
    return {"type": "plain_text_input", "action_id": "say", **fields}


def input_block(label: int = 5, **fields: Any) -> Json:
    return {"type": "input", "label": plain(label), "element": text_input(), **fields}


AT_THE_LIMIT: list[list[Json]] = [
    [{"type": "divider"}] * 50,
    [section(3000)],
    [{"type": "section", "fields": [plain(2000)] * 10}],
    [{"type": "header", "text": plain(150)}],
    [{"type": "context", "elements": [plain(10)] * 10}],
    [actions(*(button(action_id=f"go{n}") for n in range(25)))],
    [actions(button(text=plain(75), value="v" * 2000, action_id="a" * 255, accessibility_label="l" * 75))],
    [{"type": "divider", "block_id": "b" * 255}],
    [select(options=options(100, text=75, value=150))],
    [select(option_groups=[{"label": plain(75), "options": options(100)}])],
    [actions({"type": "overflow", "action_id": "more", "options": options(5)})],
    [{**section(1), "accessory": {"type": "radio_buttons", "action_id": "r", "options": options(10)}}],
    [input_block(2000, hint=plain(2000), element=text_input(placeholder=plain(150), max_length=3000))],
    [{"type": "image", "image_url": "https://example.com/" + "x" * 2980, "alt_text": "a" * 2000}],
]


@pytest.mark.parametrize("blocks", AT_THE_LIMIT, ids=lambda blocks: blocks[0]["type"])
def test_blocks_at_the_limit_are_accepted(blocks: list[Json]) -> None:
    assert block_problems(blocks) == []


BEYOND: list[tuple[list[Json], str]] = [
    ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([section(3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section(0)], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section"}], "missing required field: text [json-pointer:/blocks/0]"),
    (
        [{"type": "section", "fields": [plain(1)] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        [{"type": "section", "fields": [plain(2001)]}],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        [{"type": "header", "text": plain(151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        "must be one of: plain_text [json-pointer:/blocks/0/text/type]",
    ),
    (
        [{"type": "context", "elements": [plain(1)] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        [actions(*(button(action_id=f"go{n}") for n in range(26)))],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    ([actions()], "no less than 1 items allowed [json-pointer:/blocks/0/elements]"),
    (
        [actions(button(text=plain(76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        [actions(button(value="v" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        [actions(button(action_id="a" * 256))],
        "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
    ),
    (
        [actions(button(accessibility_label="l" * 76))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/accessibility_label]",
    ),
    (
        [actions(button(style="green"))],
        "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        [actions(button(), button())],
        'action_id "go" already exists for another element [json-pointer:/blocks/0/elements/1/action_id]',
    ),
    (
        [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
        'block_id "b" already exists for another element [json-pointer:/blocks/1/block_id]',
    ),
    (
        [{"type": "divider", "block_id": "b" * 256}],
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    (
        [select(options=options(101))],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        [select(options=options(1, text=76))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    ([select()], "must provide either options or option_groups [json-pointer:/blocks/0/elements/0]"),
    (
        [actions({"type": "overflow", "action_id": "more", "options": options(6)})],
        "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    ([actions(text_input())], "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]"),
    (
        [input_block(element=button())],
        "unsupported type: button [json-pointer:/blocks/0/element/type]",
    ),
    (
        [actions(button(confirm={"text": plain(301)}))],
        "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
    ),
    ([{"type": "image", "image_url": "u"}], "missing required field: alt_text [json-pointer:/blocks/0]"),
    ([{"type": "carousel"}], "unsupported type: carousel [json-pointer:/blocks/0/type]"),
    ([{"type": "section", "text": "x"}], "must provide an object [json-pointer:/blocks/0/text]"),
]


@pytest.mark.parametrize(("blocks", "problem"), BEYOND, ids=[problem for _, problem in BEYOND])
def test_a_block_beyond_the_limit_is_named_with_its_place(blocks: list[Json], problem: str) -> None:
    assert problem in [str(found) for found in block_problems(blocks)]


def test_something_that_is_no_block_is_named() -> None:
    assert [str(problem) for problem in block_problems(["text"])] == [
        "must provide an object [json-pointer:/blocks/0]"
    ]
