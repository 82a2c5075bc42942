"""Tests of a runbook that run while somebody waits: they end, whatever the runbook says."""

from itertools import count
from typing import Any

from core.definitions.runbook import RunbookDefinition
from core.simulation.on_demand import SECONDS, play_on_demand


def runbook(steps: list[dict[str, Any]], *cases: dict[str, Any]) -> RunbookDefinition:
    return RunbookDefinition.model_validate(
        {"kind": "runbook", "name": "tested", "steps": steps, "tests": list(cases)}
    )


SHELL = {"id": "a", "type": "shell", "argv": ["true"]}


def case(name: str, **more: object) -> dict[str, Any]:
    return {"name": name, "expect": {"status": "succeeded"}, **more}


def test_each_case_is_played_and_what_differs_is_told() -> None:
    cases = case("good", steps={"a": {}}), case("bad", steps={"a": {"exit_code": 1}})
    results = play_on_demand(runbook([SHELL], *cases))
    assert [each.holds for each in results.played] == [True, False]
    assert (results.failed, results.unplayed) == (1, ())


def test_a_case_that_never_comes_to_its_end_is_stopped() -> None:
    """A poll of a day, once a second, that nothing ends; and a thousand children with their steps."""
    polls = {"id": "a", "type": "http", "url": "https://a.example", "poll": {"every": "1s", "for": "24h"}}
    [played] = play_on_demand(runbook([polls], case("polls", steps={"a": {"status": 500}}))).played
    assert "takes too many steps" in str(played.simulation.problem)

    many = "[" + ",".join(map(str, range(900))) + "]"
    each = {"id": "each", "type": "runbook", "foreach": many, "steps": [SHELL]}
    [played] = play_on_demand(runbook([each], case("children", steps={"a": {}}))).played
    assert "takes too many steps" in str(played.simulation.problem)


def test_no_case_begins_after_the_time_is_over() -> None:
    ticks = count(0.0, SECONDS / 2)
    cases = [case(f"case {number}", steps={"a": {}}) for number in range(5)]
    results = play_on_demand(runbook([SHELL], *cases), now=lambda: next(ticks))
    assert len(results.played) == 1
    assert [each.name for each in results.unplayed] == ["case 1", "case 2", "case 3", "case 4"]
