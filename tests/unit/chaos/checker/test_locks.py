"""Rules about locks."""

from .world import LOCKED, RUN, WAITING, at, broken, execution, kept, plus, with_execution


def test_two_holders_of_a_lock_are_a_violation() -> None:
    holders = [
        execution(id_, "waiting", waiting_for="verdict", lock_name="db", holds_lock=True)
        for id_ in ("rbx_8", LOCKED)
    ]
    assert "one_holder_a_lock" in broken(plus(kept(), "executions", *holders))


def test_two_executions_that_ran_under_a_lock_at_once_are_a_violation() -> None:
    facts = with_execution(kept(), RUN, lock_name="db")
    facts = with_execution(facts, WAITING, lock_name="db", holds_lock=True, started_at=at(40))
    assert broken(facts) == {"one_holder_a_lock"}


def test_one_execution_may_follow_the_other_under_a_lock() -> None:
    facts = with_execution(kept(), RUN, lock_name="db")
    facts = with_execution(facts, WAITING, lock_name="db", holds_lock=True, started_at=at(51))
    assert broken(facts) == set()


def test_an_execution_that_ended_with_its_lock_is_a_violation() -> None:
    assert broken(with_execution(kept(), RUN, lock_name="db", holds_lock=True)) == {"nobody_keeps_a_lock"}


def test_an_execution_that_waits_for_a_free_lock_is_a_violation() -> None:
    waiting = execution(LOCKED, "waiting", waiting_for="lock", lock_name="db", started_at=None)
    assert "nobody_waits_for_a_free_lock" in broken(plus(kept(), "executions", waiting))
