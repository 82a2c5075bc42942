"""Menus, pickers and their first choices: what Slack refuses of them."""

from typing import Any

import pytest

from slack_sandbox.block_kit.blocks import block_problems
from slack_sandbox.block_kit.menus import suggestion_problems
from slack_sandbox.values import Json


def option(name: str, kind: str = "plain_text") -> Json:
    return {"text": {"type": kind, "text": name}, "value": name}


def inside(kind: str, **fields: Any) -> list[Json]:
    label = {"type": "plain_text", "text": "Which"}
    return [{"type": "input", "label": label, "element": {"type": kind, "action_id": "which", **fields}}]


A, B = option("a"), option("b")


@pytest.mark.parametrize(
    "blocks",
    [
        inside("static_select", options=[A, B], initial_option=A),
        inside(
            "multi_static_select", option_groups=[{"label": A["text"], "options": [A]}], initial_options=[A]
        ),
        inside("external_select", min_query_length=0, initial_option=A),
        inside("multi_external_select", initial_options=[A, B], max_selected_items=2),
        inside("radio_buttons", options=[option("a", "mrkdwn")], initial_option=option("a", "mrkdwn")),
        inside("checkboxes", options=[A, B], initial_options=[B]),
        inside("users_select", initial_user="U1"),
        inside("multi_conversations_select", initial_conversations=["C1"]),
        inside("datepicker", initial_date="2026-11-28"),
        inside("timepicker", initial_time="23:59"),
        inside("datetimepicker", initial_date_time=1763882000),
        inside("plain_text_input", multiline=True, min_length=0, max_length=3000),
        inside("number_input", is_decimal_allowed=True, initial_value="1.5"),
        inside("file_input", max_files=10),
    ],
)
def test_what_slack_takes_is_taken(blocks: list[Json]) -> None:
    assert block_problems(blocks) == []


@pytest.mark.parametrize(
    ("blocks", "problem", "where"),
    [
        (
            inside("static_select", options=[option("a", "mrkdwn")]),
            "must be one of: plain_text",
            "options/0/text/type",
        ),
        (inside("static_select", options=[A], initial_option=B), "must exactly match", "initial_option"),
        (
            inside("multi_static_select", options=[A], initial_options=[B]),
            "must exactly",
            "initial_options/0",
        ),
        (inside("multi_users_select", max_selected_items=0), "between 1 and 100", "max_selected_items"),
        (inside("multi_users_select", initial_users="U1"), "array of ids", "initial_users"),
        (inside("external_select", options=[A]), "additional property: options", ""),
        (inside("external_select", min_query_length="3"), "between 0 and", "min_query_length"),
        (inside("external_select", initial_option={"value": "a"}), "field: text", "initial_option/0"),
        (inside("radio_buttons", options=[A], initial_option=B), "must exactly match", "initial_option"),
        (inside("checkboxes", options=[A] * 11), "no more than 10", "options"),
        (inside("datepicker", initial_date="28.11.2026"), "YYYY-MM-DD", "initial_date"),
        (inside("timepicker", initial_time="24:00"), "HH:mm", "initial_time"),
        (inside("datetimepicker", initial_date_time=1), "10 digits", "initial_date_time"),
        (inside("plain_text_input", multiline="yes"), "must be a boolean", "multiline"),
        (inside("plain_text_input", max_length=0), "between 1 and 3000", "max_length"),
        (inside("number_input", is_decimal_allowed=False, min_value=1), "a number, as a string", "min_value"),
        (inside("file_input", max_files=11), "between 1 and 10", "max_files"),
    ],
)
def test_what_slack_refuses_is_named_with_its_place(blocks: list[Json], problem: str, where: str) -> None:
    [found] = block_problems(blocks)
    assert problem in found.message
    assert found.pointer == f"/blocks/0/element/{where}".rstrip("/")


def test_an_answer_with_options_may_be_empty_but_not_missing_and_not_longer_than_a_hundred() -> None:
    assert list(suggestion_problems({"options": []})) == []
    assert list(suggestion_problems({"option_groups": [{"label": A["text"], "options": [A]}]})) == []
    assert [problem.message for problem in suggestion_problems({})] == [
        "must provide either options or option_groups"
    ]
    assert [problem.message for problem in suggestion_problems({"options": [A] * 101})] == [
        "no more than 100 items allowed"
    ]


def test_one_element_of_a_view_takes_the_focus() -> None:
    twice = [*inside("static_select", options=[A], focus_on_load=True) * 2]
    assert [str(problem) for problem in block_problems(twice)] == [
        "only one element can have focus_on_load [json-pointer:/blocks/1/element/focus_on_load]"
    ]
