"""Rules about the order of steps."""

from dataclasses import replace

from chaos.checker.facts import Call

from .world import RUN, WAITING, at, audit, broken, calls, kept, minus, plus, unix, with_step


def test_a_step_that_started_before_the_one_before_it_was_over_is_a_violation() -> None:
    assert broken(with_step(kept(), f"{RUN}.told", started_at=at(35))) == {"steps_run_in_order"}


def test_a_step_that_started_while_the_one_before_it_is_open_is_a_violation() -> None:
    assert "steps_run_in_order" in broken(with_step(kept(), f"{WAITING}.told", started_at=at(35)))


def test_a_call_that_arrived_before_the_one_of_an_earlier_step_is_a_violation() -> None:
    late = Call(unix(12), f"{RUN}.act", "ok", "1", effect=True)
    facts = plus(minus(kept(), "calls", calls(RUN)[:1]), "calls", late)
    assert broken(facts) == {"calls_arrive_in_order"}


def test_a_step_that_started_after_a_cancel_is_a_violation() -> None:
    cancelled = replace(audit(9, "runbook_execution.cancelled", RUN), created_at=at(25))
    assert "nothing_starts_after_a_cancel" in broken(plus(kept(), "audit", cancelled))


def test_a_step_may_have_started_before_a_cancel() -> None:
    cancelled = replace(audit(9, "runbook_execution.cancelled", WAITING), created_at=at(45))
    assert "nothing_starts_after_a_cancel" not in broken(plus(kept(), "audit", cancelled))
