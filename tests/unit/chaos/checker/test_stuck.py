"""Rules about what waits too long."""

from chaos.checker.facts import Recovery, Wait

from .world import RUN, WAITING, broken, kept, plus


def test_a_worker_whose_run_nobody_takes_over_for_a_minute_is_a_violation() -> None:
    facts = plus(kept(), "recoveries", Recovery(RUN, 59), Recovery(WAITING, 61))
    assert broken(facts) == {"executions_recover"}


def test_an_execution_that_is_due_and_untouched_for_a_minute_is_a_violation() -> None:
    assert broken(plus(kept(), "waits", Wait(RUN, 60), Wait(WAITING, 61))) == {"nobody_is_stuck"}
    assert broken(plus(kept(), "waits", Wait(RUN, 60))) == set()
