"""Fields of types of third parties, and what such types say of themselves."""

from typing import Literal

import pytest

from core.definitions.actions import ActionDefinition
from core.definitions.steps import StepDefinition
from core.definitions.type_registry import discover, first_sentence
from core.errors import ConfigurationError


class Window(ActionDefinition):
    """Plan a window, e.g. of an hour. It begins at once."""

    type: Literal["acme_window"]
    starts: str


class Bare(StepDefinition):
    type: Literal["acme_bare"]


def test_a_field_is_what_its_document_says() -> None:
    """Red before: a property of ours had that name, and the field was None whatever stood there."""
    assert Window.model_fields["starts"].is_required()
    assert Window.model_validate({"id": "a", "type": "acme_window", "starts": "noon"}).starts == "noon"


@pytest.mark.filterwarnings("ignore:Field name")
def test_a_field_with_the_name_of_an_attribute_of_ours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hiding(StepDefinition):
        type: Literal["acme_hiding"]
        in_words: str  # type: ignore[assignment]

    monkeypatch.setattr("core.definitions.type_registry._of_entry_points", lambda *_: [Hiding])
    with pytest.raises(ConfigurationError, match="has a field in_words, which StepDefinition needs"):
        discover("core.steps", "runbook.steps", StepDefinition)


def test_a_type_says_what_it_does() -> None:
    assert first_sentence(Window) == "Plan a window, e.g. of an hour."
    assert first_sentence(Bare) == "Do what the type acme_bare does."
