"""What differs between a run and the one that was last approved."""

from typing import Any

import pytest

from core.decisions.gate_changes import MOST_KEPT, VALUE_LENGTH, kept, request_differences, run_differences

RESTART: dict[str, Any] = {
    "id": "restart",
    "type": "shell",
    "argv": ["systemctl", "restart"],
    "timeout": "30s",
}
VERIFY: dict[str, Any] = {
    "id": "verify",
    "type": "http",
    "url": "https://x",
    "retry": {"safe": True, "attempts": 2},
}
BEFORE: dict[str, Any] = {"kind": "runbook", "name": "fix", "team": "web", "steps": [RESTART, VERIFY]}


def found(
    after: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    before: dict[str, Any] = BEFORE,
    parameters_before: dict[str, Any] | None = None,
) -> list[tuple[str | None, ...]]:
    pair = (before, parameters_before or {}), (after, parameters or {})
    return [(d.where, d.name, d.field, d.kind, d.before, d.after) for d in run_differences(*pair)]


def with_steps(*steps: dict[str, Any]) -> dict[str, Any]:
    return BEFORE | {"steps": list(steps)}


def test_nothing_differs_from_itself() -> None:
    assert found(BEFORE, {"a": 1}, parameters_before={"a": 1}) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (
            with_steps(RESTART | {"timeout": "60s"}, VERIFY),
            ("step", "restart", "timeout", "changed", "30s", "60s"),
        ),
        (
            with_steps(RESTART, VERIFY | {"retry": {"safe": True, "attempts": 3}}),
            ("step", "verify", "retry.attempts", "changed", "2", "3"),
        ),
        (with_steps(RESTART, VERIFY, {"id": "tell"}), ("step", "tell", "", "added", None, None)),
        (with_steps(VERIFY), ("step", "restart", "", "removed", None, None)),
        (with_steps(VERIFY, RESTART), ("step", "verify", "", "moved", None, None)),
        (
            with_steps(RESTART | {"on_failure": "continue"}, VERIFY),
            ("step", "restart", "on_failure", "added", None, "continue"),
        ),
        (BEFORE | {"lock": "db"}, ("runbook", "", "lock", "added", None, "db")),
        (BEFORE | {"finally": [{"id": "tidy"}]}, ("step", "tidy", "", "added", None, None)),
    ],
)
def test_a_difference_of_the_definition_is_found(
    after: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    assert found(after) == [expected]


def test_the_steps_inside_a_step_are_compared_by_their_ids() -> None:
    each = {"id": "each", "type": "runbook", "foreach": "x", "steps": [RESTART]}
    inner = each | {"steps": [RESTART | {"timeout": "5s"}]}
    assert found(with_steps(inner), before=with_steps(each)) == [
        ("step", "each / restart", "timeout", "changed", "30s", "5s")
    ]


def test_parameters_that_differ_are_found() -> None:
    assert found(
        BEFORE, {"c": "users", "n": 1, "new": None}, parameters_before={"c": "orders", "n": 1, "old": 2}
    ) == [
        ("parameter", "c", "", "changed", "orders", "users"),
        ("parameter", "old", "", "removed", "2", None),
        ("parameter", "new", "", "added", None, "null"),
    ]


def test_the_team_the_name_and_the_tests_of_a_runbook_do_not_count() -> None:
    assert found(BEFORE | {"name": "other", "team": "data", "tests": [1]}) == []


def shown(step: str, request: object, **changes: Any) -> dict[str, Any]:
    return {"step": step, "runs": "yes", "request": request, "error": None} | changes


def test_requests_that_differ_are_found() -> None:
    before = [shown("told", {"text": "a"}), shown("call", {"url": "u"}), shown("gone", None)]
    after = [shown("told", {"text": "b"}), shown("call", {"url": "u"}, runs="no"), shown("new", None)]
    differences = [(d.name, d.field, d.kind, d.before, d.after) for d in request_differences(before, after)]
    assert differences == [
        ("told", "text", "changed", "a", "b"),
        ("call", "runs", "changed", "yes", "no"),
        ("gone", "", "removed", None, None),
        ("new", "", "added", None, None),
    ]


def test_what_is_kept_is_bounded_and_says_how_much_is_missing() -> None:
    after = with_steps(*({"id": f"s{n}"} for n in range(80)))
    stored = kept(run_differences((with_steps(), {}), (after, {"long": "x" * 10_000})))
    assert isinstance(stored["differences"], list)
    assert (len(stored["differences"]), stored["more"]) == (MOST_KEPT, 31)
    only = kept(run_differences((BEFORE, {}), (BEFORE, {"long": "x" * 10_000})))
    assert len(only["differences"][0]["after"]) == VALUE_LENGTH  # type: ignore[index,call-overload,arg-type]
