"""The error tree: sentences, hints and fields."""

import pytest

from core.definitions.problems import Problem
from core.errors import (
    ConfigurationError,
    Conflict,
    DefinitionError,
    ExpressionError,
    InvalidInput,
    NotAllowed,
    NotFound,
    ProblemLike,
    RunbookError,
    Unavailable,
)

ALL = [
    Conflict,
    ConfigurationError,
    DefinitionError,
    ExpressionError,
    InvalidInput,
    NotAllowed,
    NotFound,
    Unavailable,
]


@pytest.mark.parametrize("error", ALL)
def test_without_a_message_the_docstring_is_the_sentence(error: type[RunbookError]) -> None:
    assert error().message == (error.__doc__ or "").strip()


@pytest.mark.parametrize("error", ALL)
def test_an_error_carries_its_sentence_hint_and_field(error: type[RunbookError]) -> None:
    raised = error("It is so.", hint="Do this.", field="name")
    assert (raised.message, raised.hint, raised.field) == ("It is so.", "Do this.", "name")
    assert str(raised) == "It is so. Do this."


def test_invalid_input_tells_its_problems_when_it_has_no_message_of_its_own() -> None:
    problems = [Problem("a.yaml", 1, 2, "This is wrong.", "Do that."), Problem("a.yaml", 3, 4, "And this.")]
    error = InvalidInput(problems=problems)
    assert error.problems == tuple(problems)
    assert error.message == "a.yaml:1:2: This is wrong. Do that.\na.yaml:3:4: And this."


def test_a_problem_of_a_document_is_what_the_errors_carry() -> None:
    assert isinstance(Problem("a.yaml", 1, 2, "This is wrong."), ProblemLike)
