"""Rules about what reached the outside."""

from dataclasses import replace

from chaos.checker.facts import Call, Trace

from .world import (
    RUN,
    STEPS,
    audit,
    broken,
    calls,
    card,
    kept,
    minus,
    plus,
    traces,
    unix,
    with_execution,
    with_step,
)

ACT, SAFE, COMMAND = f"{RUN}.act", f"{RUN}.safe", f"{RUN}.command"


def call(key: str, second: float, edition: str = "1") -> Call:
    return Call(unix(second), key, "ok", edition, effect=True)


def test_an_unsafe_step_that_was_called_twice_is_a_violation() -> None:
    facts = replace(plus(kept(), "calls", call(ACT, 2)), harms=[(unix(1.5), unix(1.5))])
    assert broken(facts) == {"unsafe_calls_happen_once"}


def test_an_unsafe_step_may_be_called_again_when_a_person_said_so() -> None:
    facts = replace(plus(kept(), "calls", call(ACT, 2)), harms=[(unix(1.5), unix(1.5))])
    facts = plus(facts, "audit", audit(9, "verdict.run_again", RUN, step=0))
    assert broken(plus(facts, "messages", card(f"verdict.{RUN}.0.1"))) == set()


def test_an_unsafe_command_that_ran_twice_is_a_violation() -> None:
    again = Trace(COMMAND, 8, "begin", unix(25))
    assert broken(plus(kept(), "traces", again)) == {"unsafe_commands_run_once"}


def test_a_call_with_a_key_that_no_step_has_is_a_violation() -> None:
    assert broken(plus(kept(), "calls", call("", 2))) == {"calls_carry_their_step"}


def test_a_call_of_another_edition_than_the_frozen_one_is_a_violation() -> None:
    facts = minus(kept(), "calls", calls(RUN)[:1])
    assert broken(plus(facts, "calls", call(ACT, 1, edition="2"))) == {"calls_carry_their_step"}


def test_a_step_that_succeeded_without_a_call_is_a_violation() -> None:
    assert broken(minus(kept(), "calls", calls(RUN))) == {"success_needs_a_call"}


def test_a_step_that_a_person_says_ran_needs_no_call() -> None:
    facts = plus(minus(kept(), "calls", calls(RUN)), "audit", audit(9, "verdict.ran", RUN, step=0))
    facts = plus(replace(facts, harms=[(unix(3), unix(3))]), "messages", card(f"verdict.{RUN}.0.1"))
    assert broken(facts) == set()


def test_a_safe_call_that_was_repeated_while_all_was_well_is_a_violation() -> None:
    assert broken(plus(kept(), "calls", call(SAFE, 15))) == {"repeated_calls_have_a_reason"}


def test_a_safe_call_may_be_repeated_after_a_worker_died() -> None:
    assert broken(replace(plus(kept(), "calls", call(SAFE, 15)), harms=[(unix(13), unix(13))])) == set()


def test_a_verdict_that_was_asked_for_while_all_was_well_is_a_violation() -> None:
    facts = plus(kept(), "audit", audit(9, "verdict.ran", RUN, step=0))
    assert broken(plus(facts, "messages", card(f"verdict.{RUN}.0.1"))) == {"doubt_has_a_reason"}


def test_a_command_that_outlived_its_step_is_a_violation() -> None:
    facts = plus(minus(kept(), "traces", traces(RUN)[1:]), "traces", Trace(COMMAND, 7, "end", unix(40)))
    assert broken(facts) == {"commands_die_with_their_worker"}


def test_a_command_that_ran_beside_its_successor_is_a_violation() -> None:
    facts = plus(kept(), "traces", Trace(COMMAND, 8, "begin", unix(21.5)))
    assert "commands_die_with_their_worker" in broken(facts)


def test_a_step_that_is_unknown_while_all_was_well_is_a_violation() -> None:
    facts = with_step(with_execution(kept(), RUN, status="failed"), ACT, status="unknown")
    assert "doubt_has_a_reason" in broken(facts)


def test_a_cancel_may_leave_a_step_in_doubt() -> None:
    doubtful = with_step(kept(), ACT, status="unknown")
    assert "doubt_has_a_reason" in broken(doubtful)
    cancelled = plus(doubtful, "audit", audit(9, "runbook_execution.cancelled", RUN))
    assert "doubt_has_a_reason" not in broken(cancelled)


def test_a_command_that_outlives_its_run_is_a_violation_also_where_nobody_knows_of_its_step() -> None:
    facts = with_step(kept(), COMMAND, status="unknown", finished_at=None)
    late = Trace(COMMAND, 7, "tick", unix(52))
    assert "commands_die_with_their_worker" in broken(plus(facts, "traces", late))
    assert "commands_die_with_their_worker" not in broken(facts)


def test_a_call_may_be_repeated_after_its_timeout_and_not_before() -> None:
    steps = [STEPS[0], {**STEPS[1], "timeout": "4s"}, *STEPS[2:]]
    facts = with_execution(kept(), RUN, frozen={"steps": steps}, published={"steps": steps})
    assert broken(plus(facts, "calls", call(SAFE, 15.5))) == set()
    assert broken(plus(facts, "calls", call(SAFE, 14.5))) == {"repeated_calls_have_a_reason"}
