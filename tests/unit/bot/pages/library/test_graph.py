"""The drawing of a workflow: no box lies on another, every line leads from a box to one below, and the path is lit."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pages.library.graph import HEIGHT, WIDTH, Box, Graph, Progress, draw
from core.definitions.workflow import WorkflowDefinition
from core.statuses import Status

SAY = {"type": "message", "text": "hello"}


def workflow(actions: list[dict[str, Any]], **more: object) -> WorkflowDefinition:
    trigger = {"on": "incident.created"}
    return WorkflowDefinition.model_validate(
        {"kind": "workflow", "name": "drawn", "trigger": trigger, "actions": actions, **more}
    )


def branch(name: str, then: list[dict[str, Any]], otherwise: list[dict[str, Any]]) -> dict[str, Any]:
    rest = {"else": otherwise} if otherwise else {}
    return {"id": name, "type": "branch", "if": "incident.number > 1", "then": then, **rest}


FORKED = workflow(
    [
        {"id": "first", **SAY},
        branch("fork", [{"id": "left", **SAY}, branch("inner", [{"id": "deep", **SAY}], [])], []),
        {"id": "last", **SAY},
    ],
    when='incident.service == "orders-db"',
)


def box(graph: Graph, title: str) -> Box:
    return next(each for each in graph.boxes if each.title == title)


def test_what_follows_is_below_and_lanes_are_beside_each_other() -> None:
    graph = draw(FORKED)
    assert [each.kind for each in graph.boxes] == ["trigger", "condition", *["action"] * 6, "end"]
    heights = [
        box(graph, name).y for name in ("incident.created", "first", "fork", "left", "inner", "deep", "last")
    ]
    assert heights == sorted(set(heights))
    assert box(graph, "first").x == box(graph, "fork").x == box(graph, "last").x
    assert box(graph, "deep").x < box(graph, "inner").x == box(graph, "left").x < box(graph, "fork").x
    assert [line.label for line in graph.lines if line.label] == ["then", "then", "else", "else"]
    assert not any(line.is_lit for line in graph.lines)


def test_only_the_path_that_was_taken_is_lit() -> None:
    reached = dict.fromkeys(("first", "fork", "last"), Status.SUCCEEDED)
    skipped = dict.fromkeys(("left", "inner", "deep"), Status.SKIPPED)
    graph = draw(FORKED, Progress(True, {**reached, **skipped}, {"fork": "else"}))
    assert (
        sum(line.is_lit for line in graph.lines) == 5
    )  # to the condition, first, fork, last by `else`, the end
    assert box(graph, "left").status == "skipped"
    assert [line.is_lit for line in graph.lines] == sorted(line.is_lit for line in graph.lines)


def test_nothing_is_lit_beyond_what_has_begun() -> None:
    statuses = {"first": Status.SUCCEEDED, "fork": Status.PENDING, "last": Status.PENDING}
    graph = draw(FORKED, Progress(False, statuses, {}))
    assert sum(line.is_lit for line in graph.lines) == 2


def test_a_long_text_is_cut_to_its_box_and_stays_on_one_line() -> None:
    action = {"id": "a" * 60, **SAY, "if": "incident.number\n  > 1"}
    [*_, drawn, _] = draw(workflow([action])).boxes
    assert drawn.title.endswith("…")
    assert drawn.small == "message if incident.number > 1"


@st.composite
def actions(draw: st.DrawFn, depth: int = 3) -> list[dict[str, Any]]:
    return [draw(action(depth)) for _ in range(draw(st.integers(1, 3)))]


@st.composite
def action(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    name = f"a{draw(st.uuids()).hex}"
    if depth == 0 or draw(st.booleans()):
        return {"id": name, **SAY}
    otherwise = draw(actions(depth - 1)) if draw(st.booleans()) else []
    return branch(name, draw(actions(depth - 1)), otherwise)


@given(actions())
def test_no_box_lies_on_another_and_all_are_within_the_picture(written: list[dict[str, Any]]) -> None:
    graph = draw(workflow(written))
    boxes = [each for each in graph.boxes if each.kind != "end"]
    for one, other in combinations(boxes, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
    for each in boxes:
        assert WIDTH / 2 <= each.x <= graph.width - WIDTH / 2
        assert each.y + HEIGHT <= graph.height


@pytest.mark.parametrize("count", [1, 200])
def test_a_list_is_a_column(count: int) -> None:
    graph = draw(workflow([{"id": f"a{number}", **SAY} for number in range(count)]))
    assert len({each.x for each in graph.boxes}) == 1
    assert len(graph.lines) == count + 1
