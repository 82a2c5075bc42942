"""Rules about finally steps."""

from chaos.checker.facts import Call

from .family import PARENT, family
from .world import at, broken, minus, plus, unix, with_execution, with_step

NOT_BEGUN = {"status": "pending", "attempt": 0, "started_at": None, "finished_at": None}
KEY = f"{PARENT}.put_back"


def test_a_finally_step_that_did_not_run_is_a_violation() -> None:
    facts = with_step(family(), KEY, **NOT_BEGUN)
    assert "finally_steps_are_done" in broken(facts)
    facts = with_execution(facts, PARENT, status="cancelled", outcome="cancelled")
    assert "finally_steps_are_done" in broken(facts)


def test_a_run_that_was_refused_has_none() -> None:
    facts = with_step(family(), KEY, **NOT_BEGUN)
    facts = with_execution(facts, PARENT, status="failed", error="It is under quarantine now.", outcome=None)
    assert "finally_steps_are_done" not in broken(facts)


def test_a_finally_step_that_was_called_twice_or_never_is_a_violation() -> None:
    again = Call(unix(42), KEY, "ok", "1", effect=True)
    assert "unsafe_calls_happen_once" in broken(plus(family(), "calls", again))
    assert broken(minus(family(), "calls", family().calls_of[KEY])) == {"success_needs_a_call"}


def test_a_finally_step_of_a_run_that_never_began_is_a_violation() -> None:
    facts = with_step(family(), f"{PARENT}.each", **NOT_BEGUN)
    assert "what_never_began_has_no_finally" in broken(facts)


def test_a_finally_step_that_started_early_is_a_violation() -> None:
    assert broken(with_step(family(), KEY, started_at=at(29))) == {"finally_steps_come_last"}


def test_an_outcome_that_changed_is_a_violation() -> None:
    assert broken(with_execution(family(), PARENT, outcome="failed")) == {"finally_steps_change_no_outcome"}
    facts = with_step(family(), KEY, status="failed")
    assert "finally_steps_change_no_outcome" not in broken(facts)
    facts = with_execution(facts, PARENT, status="failed", outcome="failed")
    assert "finally_steps_change_no_outcome" in broken(facts)
