"""Expressions and templates are found in models unknown to the validation."""

from typing import Annotated, Literal

from core.definitions.fields import (
    CelField,
    Condition,
    Definition,
    Marked,
    TemplateField,
    TemplateText,
    marked_values,
)
from core.definitions.steps import StepDefinition
from core.definitions.validate import validate_text


class Target(Definition):
    """A part of a step."""

    host: TemplateText
    port: int = 22


class ThirdParty(StepDefinition):
    """A third party's step."""

    type: Literal["third-party"]
    target: Target | None = None
    checks: dict[str, Annotated[str, CelField(roots=("answer",))]] = {}
    words: tuple[TemplateText, ...] | None = None
    until: Condition | None = None


def test_marks_are_found_however_deep_and_under_the_name_people_write() -> None:
    data = {
        "if": "a",
        "target": {"host": "b", "port": 1},
        "checks": {"x": "c"},
        "words": ["d"],
        "until": "e",
        "id": "f",
    }
    assert list(marked_values(ThirdParty, data, ("steps", 0))) == [
        Marked(("steps", 0, "if"), CelField(condition=True), "a"),
        Marked(("steps", 0, "target", "host"), TemplateField(), "b"),
        Marked(("steps", 0, "checks"), CelField(roots=("answer",)), {"x": "c"}),
        Marked(("steps", 0, "words"), TemplateField(), ["d"]),
        Marked(("steps", 0, "until"), CelField(condition=True), "e"),
    ]


def test_what_is_of_the_wrong_kind_is_no_reason_to_stop() -> None:
    assert validate_text("kind: runbook\nname: a\nsteps: [1, [2], null, {type: 3}]\n", "f")[1]
    assert list(marked_values(ThirdParty, {"target": "text"})) == []
