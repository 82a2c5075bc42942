"""Problems, and suggestions for misspelled names."""

import pytest

from core.definitions.problems import Problem, nearest, one_of, suggest


def test_a_problem_starts_with_the_place_that_editors_link() -> None:
    assert str(Problem("a.yaml", 12, 5, "No.", "Yes.")) == "a.yaml:12:5: No. Yes."
    assert str(Problem("a.yaml", 12, 5, "No.")) == "a.yaml:12:5: No."


def test_a_problem_names_its_field_with_dots() -> None:
    assert Problem("a", 1, 1, "No.", path=("steps", 0, "url")).field == "steps.0.url"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("sevrity", ["severity"]), ("SEVERITY", ["severity"]), ("titel", ["title"]), ("zzz", [])],
)
def test_nearest_finds_what_was_meant(name: str, expected: list[str]) -> None:
    assert nearest(name, ["severity", "title", "team"]) == expected


def test_nearest_answers_no_more_than_its_limit() -> None:
    assert len(nearest("aaa", ["aaab", "aaac", "aaad", "aaae"], limit=2)) == 2


def test_without_a_near_name_all_are_told() -> None:
    assert suggest("zzz", ["b", "a"], plural="Fields") == "Fields: a, b."
    assert suggest("zzz", [], plural="Fields") == "Fields: none."


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_one_of_reads_like_a_sentence(names: list[str], text: str) -> None:
    assert one_of(names) == text
