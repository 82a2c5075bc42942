"""Rules about how executions end."""

import pytest

from chaos.checker.facts import WorkflowExecution

from .world import LOCKED, RUN, WAITING, at, broken, execution, kept, plus, with_execution, with_step


@pytest.mark.parametrize(
    ("status", "waiting_for"),
    [("running", None), ("pending", None), ("waiting", "timer"), ("waiting", "lock")],
)
def test_an_execution_that_is_stuck_is_a_violation(status: str, waiting_for: str | None) -> None:
    stuck = execution(LOCKED, status, waiting_for=waiting_for, wake_at=at(1))
    assert "executions_end" in broken(plus(kept(), "executions", stuck))


def test_a_workflow_execution_that_is_stuck_is_a_violation() -> None:
    stuck = WorkflowExecution("wfx_9", "inc_1", "running", at(1))
    assert "executions_end" in broken(plus(kept(), "workflows", stuck))


def test_an_execution_may_wait_for_a_lock_whose_holder_waits_for_a_person() -> None:
    facts = with_execution(kept(), WAITING, lock_name="db", holds_lock=True)
    waiting = execution(LOCKED, "waiting", waiting_for="lock", lock_name="db", started_at=None)
    assert "executions_end" not in broken(plus(facts, "executions", waiting))


def test_an_ending_that_keeps_its_worker_is_a_violation() -> None:
    assert broken(with_execution(kept(), RUN, worker="host.1")) == {"endings_are_whole"}


def test_an_ending_with_a_step_that_runs_is_a_violation() -> None:
    assert "endings_are_whole" in broken(with_step(kept(), f"{RUN}.told", status="running"))


def test_a_success_with_a_step_that_never_ran_is_a_violation() -> None:
    assert "endings_are_whole" in broken(with_step(kept(), f"{RUN}.told", status="pending"))


def test_an_execution_that_ended_and_wants_a_worker_is_a_violation() -> None:
    assert broken(with_execution(kept(), RUN, wake_at=at(1))) == {"wake_at_is_consistent"}


def test_a_gate_that_nothing_ends_is_a_violation() -> None:
    assert broken(with_execution(kept(), WAITING, wake_at=None)) == {"wake_at_is_consistent"}


def test_an_execution_that_wants_a_worker_and_says_no_time_is_a_violation() -> None:
    stuck = execution(LOCKED, "running")
    assert "wake_at_is_consistent" in broken(plus(kept(), "executions", stuck))
