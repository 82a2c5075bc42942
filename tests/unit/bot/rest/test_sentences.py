"""What pydantic finds wrong, as sentences."""

from collections.abc import Mapping
from typing import Annotated

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from bot.rest.bodies import Body
from bot.rest.field_errors import FieldError, field_errors
from core.statuses import Severity


class Label(BaseModel):
    value: Annotated[str, Field(max_length=3)]


class Example(Body):
    title: Annotated[str, Field(min_length=2, pattern="^[a-z]+$")] = "title"
    severity: Severity = Severity.LOW
    labels: dict[str, Label] = {}
    count: Annotated[int, Field(ge=1, le=9)] = 1


def found(given: object) -> list[FieldError]:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Example).validate_python(given)
    errors: list[Mapping[str, object]] = [
        {**error, "loc": ("body", *error["loc"])} for error in refused.value.errors()
    ]
    return field_errors(errors)


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"title": "x"}, "title", "title must have at least 2 characters."),
        ({"title": "UP"}, "title", 'title is "UP"; it must match ^[a-z]+$.'),
        ({"title": None}, "title", "title must be text."),
        (
            {"severity": "urgent"},
            "severity",
            "severity is \"urgent\"; it must be 'info', 'low', 'medium', 'high' or 'critical'.",
        ),
        ({"labels": {"pager": {}}}, "labels.pager.value", "labels.pager.value is missing."),
        (
            {"labels": {"a": {"value": "long"}}},
            "labels.a.value",
            "labels.a.value must have at most 3 characters.",
        ),
        ({"labels": []}, "labels", "labels must be an object."),
        ({"count": 0}, "count", 'count is "0"; it must be at least 1.'),
        ({"count": "many"}, "count", 'count is "many"; it must be a whole number.'),
        ({"cuont": 1}, "cuont", "cuont is not known here."),
        ("text", "body", "The body must be a JSON object, sent with Content-Type: application/json."),
    ],
)
def test_an_error_is_a_sentence_that_names_its_field(given: object, field: str, sentence: str) -> None:
    assert found(given) == [FieldError(field, sentence)]


def test_a_kind_of_error_without_a_sentence_of_ours_keeps_its_own() -> None:
    error = {"type": "of_tomorrow", "loc": ("query", "limit"), "msg": "Input should be better", "input": 1}

    assert field_errors([error]) == [FieldError("limit", "limit: Input should be better.")]


def test_a_long_value_is_cut_and_braces_are_only_text() -> None:
    [error] = found({"title": "{field}" * 30})

    assert len(error.detail) < 110
    assert "{field}" in error.detail


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"title": "nul \0"}, "title"),
        ({"labels": {"a": {"value": "\udfff"}}}, "labels.a.value"),
        ({"labels": {"\ud800": {}}}, "labels"),
        ({"count": float("nan")}, "count"),
    ],
)
def test_what_the_database_cannot_keep_is_refused(given: object, field: str) -> None:
    [error] = found(given)

    assert error.field == field
