"""A diff shows what changed, and nothing else."""

from typing import Any

from core.definitions.yaml_format import Labelled, difference

BEFORE: dict[str, Any] = {
    "name": "one",
    "steps": [{"id": "a", "type": "wait", "for": "1s"}, {"id": "b", "type": "wait", "for": "2s"}],
}


def diff(after: dict[str, object]) -> str:
    return difference(Labelled("one v1", BEFORE), Labelled("one v2", after))


def test_a_changed_line_is_shown_with_its_neighbours() -> None:
    after = BEFORE | {
        "steps": [{"id": "a", "type": "wait", "for": "1s"}, {"id": "b", "type": "wait", "for": "9s"}]
    }

    assert diff(after) == (
        "--- one v1\n"
        "+++ one v2\n"
        "@@ -5,4 +5,4 @@\n"
        "     for: 1s\n"
        "   - id: b\n"
        "     type: wait\n"
        "-    for: 2s\n"
        "+    for: 9s\n"
    )


def test_nothing_changed_is_an_empty_diff() -> None:
    assert diff(dict(BEFORE)) == ""


def test_keys_that_only_moved_are_no_change() -> None:
    moved: dict[str, object] = {
        "steps": [{"for": "1s", "type": "wait", "id": "a"}, {"type": "wait", "id": "b", "for": "2s"}],
        "name": "one",
    }

    assert diff(moved) == ""


def test_a_step_put_between_two_others_is_one_change() -> None:
    first, second = BEFORE["steps"]
    after: dict[str, object] = {"name": "one", "steps": [first, {"id": "n", "type": "wait"}, second]}
    told = diff(after).split("\n")[2:]
    changed = [line for line in told if line.startswith(("+", "-"))]

    assert changed == ["+  - id: n", "+    type: wait"]


def test_a_line_separator_within_a_text_breaks_no_line_of_the_diff() -> None:
    assert '+name: "a\\Lb"\n' in diff(BEFORE | {"name": "a\u2028b"})
