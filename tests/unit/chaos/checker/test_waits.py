"""Rules about what waits: for time, and for a runbook's end."""

from dataclasses import replace
from typing import Any

import pytest

from chaos.checker.facts import Facts, Step, WorkflowExecution
from chaos.checker.promises import verdicts

from .world import RUN, at, broken, card, execution, kept, plus, with_execution, with_step

ACTIONS: list[dict[str, Any]] = [
    {"id": "grace", "type": "delay", "for": "2s"},
    {"id": "start", "type": "runbook", "wait": True},
    {"id": "told", "type": "message"},
]
SAID = f"i: {RUN} succeeded"
END = {"execution_id": RUN, "status": "succeeded"}


def action(position: int, begun: float, ended: float | None, output: Any = None) -> Step:
    said, status = ACTIONS[position], "waiting" if ended is None else "succeeded"
    finished_at = None if ended is None else at(ended)
    return Step(
        "wfx_1", position, str(said["id"]), str(said["type"]), status, 1, at(begun), finished_at, output
    )


def waited(*actions: Step, said: str = SAID) -> Facts:
    """The workflow of the world waits two seconds, and then for its runbook's end."""
    done = [action(0, 0, 2), action(1, 2, 50, END), action(2, 50, 50, {"text": SAID})]
    changed = {each.position: each for each in actions}
    facts = with_execution(kept(), RUN, awaited_by="start")
    workflow = WorkflowExecution("wfx_1", "inc_1", "succeeded", None, {"actions": ACTIONS})
    facts = replace(facts, workflows=[workflow], actions=[changed.get(each.position, each) for each in done])
    return plus(facts, "messages", card("", text=said, notice="ntc_workflow"))


def test_a_workflow_may_wait_for_time_and_for_its_runbook() -> None:
    assert broken(waited()) == set()
    counts = {verdict.sentence: verdict.checked for verdict in verdicts(waited(), [])}
    assert counts["workflows that did not wait or report"] == 2


def test_a_delay_that_was_too_short_is_a_violation() -> None:
    assert broken(waited(action(0, 0, 1.9))) == {"pauses_last"}


def test_a_pause_of_a_runbook_that_was_too_short_is_a_violation() -> None:
    steps = [{"id": "act", "type": "wait", "for": "10s"}, *kept().executions[0].frozen["steps"][1:]]
    facts = with_execution(kept(), RUN, frozen={"steps": steps}, published={"steps": steps})
    facts = replace(facts, calls=[call for call in facts.calls if call.key != f"{RUN}.act"])
    assert broken(with_step(facts, f"{RUN}.act", type="wait")) == {"pauses_last"}


def test_an_action_that_started_two_runbooks_is_a_violation() -> None:
    twin = execution("rbx_9", "waiting", waiting_for="verdict", workflow_execution_id="wfx_1")
    assert "one_run_an_action" in broken(plus(waited(), "executions", twin))


def test_an_action_that_started_nothing_is_a_violation() -> None:
    assert "one_run_an_action" in broken(with_execution(waited(), RUN, workflow_execution_id=None))


@pytest.mark.parametrize(
    "told",
    [
        action(1, 2, 49, END),
        action(1, 2, None),
        action(1, 2, 50, {**END, "status": "failed"}),
        action(1, 2, 50, {**END, "execution_id": "rbx_9"}),
        action(1, 2, 50),
    ],
)
def test_an_end_that_was_told_too_early_or_never_or_wrongly_is_a_violation(told: Step) -> None:
    assert broken(waited(told)) == {"awaited_ends_are_reported"}


def test_an_action_that_is_over_while_its_runbook_waits_is_a_violation() -> None:
    facts = with_execution(waited(), RUN, status="waiting", waiting_for="verdict", finished_at=None)
    assert "awaited_ends_are_reported" in broken(facts)


def test_a_workflow_that_failed_is_a_violation() -> None:
    facts = waited()
    failed = replace(facts.workflows[0], status="failed")
    assert broken(replace(facts, workflows=[failed])) == {"workflows_come_to_their_end"}


@pytest.mark.parametrize(("said", "text"), [("something else", SAID), (SAID, "i: rbx_9 succeeded")])
def test_a_workflow_that_did_not_say_how_its_runbook_ended_is_a_violation(said: str, text: str) -> None:
    facts = waited(action(2, 50, 50, {"text": text}), said=said)
    assert "workflows_speak_once" in broken(facts)
