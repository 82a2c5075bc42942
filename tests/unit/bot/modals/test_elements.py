"""The element of each kind of parameter, good by Slack's rules, and the value that comes back from it."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.modals.fields import entered, input_blocks
from bot.modals.form import Around, Purpose, form_around
from core.definitions.choices import Choice, Fetched, NotFetched
from core.definitions.parameters import check_parameters, parse_key_values
from slack_sandbox.block_kit.views import checked_view

MANY = [f"host-{n}" for n in range(101)]
SLACK_ID = {"type": "string", "x-slack": "user"}
# schema, element, the state as Slack sends it, the value
KINDS: list[tuple[dict[str, Any], str, dict[str, Any], object]] = [
    ({"type": "string"}, "plain_text_input", {"value": "x"}, "x"),
    ({"type": "string", "x-slack": "long"}, "plain_text_input", {"value": "a\nb"}, "a\nb"),
    ({"type": "integer"}, "number_input", {"value": "3"}, 3),
    ({"type": "number"}, "number_input", {"value": "0.5"}, 0.5),
    ({"type": "boolean"}, "checkboxes", {"selected_options": [{"value": "true"}]}, True),
    ({"type": "boolean"}, "checkboxes", {"selected_options": []}, False),
    ({"enum": ["a", "b"]}, "static_select", {"selected_option": {"value": "b"}}, "b"),
    ({"enum": [1, 2.5, True]}, "static_select", {"selected_option": {"value": "2.5"}}, 2.5),
    ({"enum": MANY}, "external_select", {"selected_option": {"value": "host-100"}}, "host-100"),
    (
        {"type": "array", "items": {"enum": ["a, b", "c"]}},
        "multi_static_select",
        {"selected_options": [{"value": "a, b"}, {"value": "c"}]},
        ["a, b", "c"],
    ),
    (
        {"type": "array", "items": {"enum": [1, 2]}},
        "multi_static_select",
        {"selected_options": [{"value": "2"}]},
        [2],
    ),
    (
        {"type": "array", "items": {"enum": MANY}},
        "multi_external_select",
        {"selected_options": [{"value": "host-7"}]},
        ["host-7"],
    ),
    (
        {"type": "array", "items": {"enum": ["a"]}, "default": ["a"]},
        "multi_static_select",
        {"selected_options": []},
        [],
    ),
    ({"type": "string", "format": "date"}, "datepicker", {"selected_date": "2026-03-01"}, "2026-03-01"),
    ({"type": "string", "format": "time"}, "timepicker", {"selected_time": "03:12"}, "03:12:00Z"),
    (
        {"type": "string", "format": "date-time"},
        "datetimepicker",
        {"selected_date_time": 1_767_225_600},
        "2026-01-01T00:00:00Z",
    ),
    (SLACK_ID, "users_select", {"selected_user": "U0ALICE"}, "U0ALICE"),
    (
        {"type": "string", "x-slack": "channel"},
        "conversations_select",
        {"selected_conversation": "C0GENERAL"},
        "C0GENERAL",
    ),
    (
        {"type": "array", "items": SLACK_ID},
        "multi_users_select",
        {"selected_users": ["U1", "U2"]},
        ["U1", "U2"],
    ),
    (
        {"type": "array", "items": {"type": "string", "x-slack": "channel"}},
        "multi_conversations_select",
        {"selected_conversations": ["C1"]},
        ["C1"],
    ),
    ({"type": "array", "items": {"type": "string"}}, "plain_text_input", {"value": "a,b"}, ["a", "b"]),
    (
        {"type": ["string", "null"], "enum": ["a", None]},
        "static_select",
        {"selected_option": {"value": "a"}},
        "a",
    ),
]


def element_of(
    schema: dict[str, Any], given: dict[str, object] | None = None, **fetched: Any
) -> dict[str, Any]:
    [block] = input_blocks({"properties": {"p": schema}}, given or {}, fetched)
    purpose = Purpose("run.form", "Run", "Run", "")
    checked_view(form_around(purpose, [block], Around()))
    element: Any = block["element"]
    return dict(element)


@pytest.mark.parametrize(("schema", "kind", "state", "value"), KINDS)
def test_each_kind_has_its_element_and_its_value_comes_back_as_it_is(
    schema: dict[str, Any], kind: str, state: dict[str, Any], value: object
) -> None:
    whole = {"properties": {"p": schema}}
    assert element_of(schema)["type"] == kind
    words = entered({"values": {"parameter.p": {"value": {"type": kind, **state}}}}, whole)
    assert check_parameters(whole, parse_key_values(words, whole)) == {"p": value}


@pytest.mark.parametrize(("schema", "kind", "state", "value"), KINDS)
def test_what_was_given_stands_in_its_element(
    schema: dict[str, Any], kind: str, state: dict[str, Any], value: object
) -> None:
    initial = {
        name: shown for name, shown in element_of(schema, {"p": value}).items() if name.startswith("initial")
    }
    assert bool(initial) is (value not in (False, []))
    assert kind
    assert state


@pytest.mark.parametrize(
    ("schema", "is_long"),
    [({"maxLength": 200}, False), ({"maxLength": 201}, True), ({"x-slack": "long"}, True), ({}, False)],
)
def test_a_text_that_may_be_long_has_several_lines(schema: dict[str, Any], is_long: bool) -> None:
    assert element_of({"type": "string", **schema}).get("multiline", False) is is_long


@pytest.mark.parametrize("kind", [entry[1] for entry in KINDS])
def test_an_empty_field_is_no_value(kind: str) -> None:
    state = {"values": {"parameter.p": {"value": {"type": kind}}}}
    assert entered(state, {"properties": {"p": {}}}) == (["p=false"] if kind == "checkboxes" else [])


def test_a_default_that_its_picker_cannot_show_is_left_out() -> None:
    for form, default in (("date-time", "soon"), ("date-time", "0001-01-01T00:00:00Z")):
        assert "initial_date_time" not in element_of({"type": "string", "format": form, "default": default})


def test_fetched_choices_are_a_menu_and_what_was_typed_is_chosen() -> None:
    choices = [Choice("eu", "Europe"), Choice("us", "United States")]
    menu = element_of({"type": "string"}, {"p": "us"}, p=choices)
    assert [each["text"]["text"] for each in menu["options"]] == ["Europe", "United States"]
    assert menu["initial_option"]["value"] == "us"
    several = element_of({"type": "array"}, {"p": ["eu", "gone"]}, p=choices)
    assert (several["type"], [each["value"] for each in several["initial_options"]]) == (
        "multi_static_select",
        ["eu"],
    )


def test_where_fetching_failed_there_is_a_text_and_a_sentence() -> None:
    fetched: Fetched = {"p": NotFetched("No complete answer within 2 s.")}
    [block] = input_blocks({"properties": {"p": {"type": "string"}}}, {}, fetched)
    assert block["element"] == {"type": "plain_text_input", "action_id": "value"}
    assert "type the value. (No complete answer within 2 s.)" in json.dumps(block["hint"])


TEXT = st.text(max_size=200)
NASTY = st.sampled_from(
    ["<!channel>", "<@U1>", "@here", "*b*", "`", "\u202e", "x" * 3_001, "", " ", "\n", "&", "€" * 200]
)
VALUES = (
    TEXT
    | NASTY
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none()
)
SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "boolean", "array", "object"]),
        "description": TEXT | NASTY,
        "enum": st.lists(VALUES, min_size=1, max_size=130),
        "default": VALUES | st.lists(VALUES, max_size=3),
        "format": st.sampled_from(["date", "time", "date-time", "password", "email"]),
        "x-slack": st.sampled_from(["user", "channel", "long"]),
        "maxLength": st.integers(0, 400),
        "minimum": st.integers(-5, 5),
        "items": st.fixed_dictionaries(
            {}, optional={"enum": st.lists(VALUES, max_size=130), "x-slack": st.just("user")}
        ),
    },
)


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, VALUES | st.lists(VALUES, max_size=3), TEXT | NASTY)
def test_no_schema_value_or_choice_makes_a_field_that_slack_refuses(
    schema: dict[str, Any], value: object, text: str
) -> None:
    element_of(schema)
    element_of(schema, {"p": value})
    if text:
        element_of(schema, {"p": value}, p=[Choice(text[:150], text)])
