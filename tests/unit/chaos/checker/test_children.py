"""Rules about child runs."""

from dataclasses import replace

import pytest

from chaos.checker.check import check
from chaos.checker.facts import Call, Execution

from .family import CHILDREN, PARENT, child, family
from .world import at, audit, broken, card, minus, plus, unix, with_execution, with_step


def test_nothing_is_said_of_a_family_in_which_all_went_well() -> None:
    assert check(family()) == []


@pytest.mark.parametrize("twin", [child(2, child_index=1), child(2, child_index=3)])
def test_a_child_that_was_created_twice_or_not_at_all_is_a_violation(twin: Execution) -> None:
    changed = with_execution(family(), twin.id, child_index=twin.child_index)
    assert "children_are_created_once" in broken(changed)


def test_a_step_that_succeeded_without_children_is_a_violation() -> None:
    gone = [each for each in family().executions if each.parent]
    assert "children_are_created_once" in broken(minus(family(), "executions", gone))


def test_another_round_has_children_of_its_own() -> None:
    again = [replace(child(index), id=f"rbx_3{index}", child_round=2) for index in range(3)]
    assert "children_are_created_once" not in broken(plus(family(), "executions", *again))


def test_a_child_of_nobody_is_a_violation() -> None:
    assert "children_belong_to_a_step" in broken(with_execution(family(), CHILDREN[0], parent_step="other"))


def test_more_at_once_than_allowed_is_a_violation() -> None:
    facts = with_execution(family(), CHILDREN[2], started_at=at(9))
    assert broken(facts) == {"not_too_many_run_at_once"}


def test_a_child_that_was_carried_over_is_not_under_way() -> None:
    facts = with_execution(family(), CHILDREN[2], started_at=at(9))
    facts = with_step(facts, f"{CHILDREN[2]}.one", carried_over=True)
    assert "not_too_many_run_at_once" not in broken(facts)


def test_a_parent_that_ended_before_a_child_is_a_violation() -> None:
    assert broken(with_execution(family(), CHILDREN[2], finished_at=at(51))) == {"parents_end_last"}
    assert broken(with_execution(family(), CHILDREN[2], finished_at=at(31))) == {"parents_end_last"}


def test_a_child_that_outlives_a_cancelled_parent_is_a_violation() -> None:
    facts = with_execution(family(), PARENT, status="cancelled", outcome="cancelled")
    facts = with_execution(facts, CHILDREN[2], status="waiting", waiting_for="verdict", finished_at=None)
    assert "parents_end_last" in broken(facts)


def test_a_parent_that_waits_for_children_that_are_over_is_stuck() -> None:
    facts = with_execution(family(), PARENT, status="waiting", waiting_for="children", wake_at=at(60))
    assert {"nobody_waits_for_children_that_are_over", "executions_end"} <= broken(facts)


def test_a_parent_may_wait_for_a_child_that_waits_for_people_and_so_may_one_that_was_not_started() -> None:
    facts = with_execution(family(), PARENT, status="waiting", waiting_for="children", wake_at=at(60))
    facts = with_execution(facts, CHILDREN[0], status="waiting", waiting_for="verdict")
    facts = with_execution(facts, CHILDREN[2], status="pending", started_at=None)
    assert {"executions_end", "nobody_waits_for_children_that_are_over"}.isdisjoint(broken(facts))


def test_a_step_that_succeeded_with_too_few_children_is_a_violation() -> None:
    facts = with_execution(family(), CHILDREN[2], status="failed")
    assert "steps_come_to_what_their_children_came_to" in broken(facts)


def test_a_step_that_tells_something_else_about_its_children_is_a_violation() -> None:
    facts = with_step(family(), f"{PARENT}.each", output={"children": []})
    assert broken(facts) == {"steps_come_to_what_their_children_came_to"}


def test_a_retry_that_repeats_what_a_child_had_done_is_a_violation() -> None:
    facts = with_execution(family(), PARENT, status="failed", outcome="failed")
    retry = replace(facts.executions[0], id="rbx_30", retry_of=PARENT)
    again = replace(child(0), id="rbx_31", parent="rbx_30")
    call = Call(unix(70), "rbx_31.one", "ok", "1", effect=True)
    carried = replace(facts.steps_of[CHILDREN[0]][0], execution_id="rbx_31", carried_over=True)
    facts = plus(plus(facts, "executions", retry, again), "steps", carried)
    assert "what_succeeded_in_a_child_is_not_repeated" not in broken(facts)
    assert "what_succeeded_in_a_child_is_not_repeated" in broken(plus(facts, "calls", call))


def test_a_child_with_a_headline_or_an_outcome_of_its_own_is_a_violation() -> None:
    facts = plus(family(), "messages", card(f"headline.{CHILDREN[0]}", "succeeded"))
    assert broken(facts) == {"one_headline_an_execution"}
    facts = plus(family(), "messages", card(f"outcome.{CHILDREN[0]}", "succeeded"))
    assert broken(facts) == {"one_outcome_an_ending"}


def test_a_step_of_a_child_that_started_after_the_cancel_of_its_parent_is_a_violation() -> None:
    cancelled = replace(audit(40, "runbook_execution.cancelled", PARENT), created_at=at(5))
    assert "nothing_starts_after_a_cancel" in broken(plus(family(), "audit", cancelled))
    late = replace(cancelled, created_at=at(31))  # only the finally step starts after that
    assert "nothing_starts_after_a_cancel" not in broken(plus(family(), "audit", late))


def test_a_child_that_runs_other_steps_than_its_parent_has_for_it_is_a_violation() -> None:
    other = {"steps": [{"id": "one", "type": "http", "url": "{{ secrets.TARGET }}/ok/1", "method": "GET"}]}
    assert broken(with_execution(family(), CHILDREN[0], frozen=other)) == {"the_frozen_copy_runs"}


def test_a_child_that_did_something_and_ended_without_an_entry_is_a_violation() -> None:
    ended = [entry for entry in family().audit if entry.subject == CHILDREN[1]]
    assert broken(minus(family(), "audit", ended)) == {"endings_are_recorded"}


def test_a_child_that_is_repeated_although_all_of_it_was_done_is_a_violation() -> None:
    facts = with_execution(family(), CHILDREN[0], status="cancelled")  # as its last step ended
    again = replace(child(0), id="rbx_31", parent="rbx_30", retry_of=CHILDREN[0], created_at=at(60))
    one = replace(facts.steps_of[CHILDREN[0]][0], execution_id="rbx_31")
    facts = plus(facts, "executions", again)
    assert "retries_go_on_where_they_should" in broken(plus(facts, "steps", one))
    carried = plus(facts, "steps", replace(one, carried_over=True))
    assert "retries_go_on_where_they_should" not in broken(carried)


def test_a_parent_that_was_refused_does_not_wait_for_its_children() -> None:
    facts = with_execution(family(), PARENT, status="failed", error="It is under quarantine now.")
    facts = with_execution(facts, CHILDREN[2], finished_at=at(51))
    assert "parents_end_last" not in broken(facts)
